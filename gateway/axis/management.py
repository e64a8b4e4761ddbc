"""Accounts on the broker through its management plugin (HTTP API): users with hashed passwords, and their permissions.

Invariants: an administrator's password goes to the address that was given and nowhere else, in clear text only to this host; no
redirect is followed; texts of errors hold no password.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import quote

import aiohttp
from yarl import URL

from gateway.axis.definitions import permissions_of, user_of
from gateway.axis.errors import BrokerRefusedError
from gateway.axis.plan import Account
from gateway.records import Json

_TIMEOUT = aiohttp.ClientTimeout(total=30)
_MISSING = 404
_OK = 300


class Management:
    """The management API of one broker."""

    def __init__(self, url: str, *, password: str) -> None:
        """Take the address with the administrator's name, and the password.

        Raises:
            ValueError: the address is none, has no name, or would send the password in clear over a network.

        """
        address = URL(url)
        if not address.user or not address.host or address.scheme not in {"http", "https"}:
            raise ValueError("the management address must look like https://admin@host:15671")
        if address.scheme == "http" and not _is_here(address.host):
            raise ValueError("the management address must be https, unless it is on this host")
        self._headers = {"Authorization": aiohttp.encode_basic_auth(address.user, password, encoding="utf-8")}
        self._address = address.with_user(None).with_password(None)

    async def apply(self, account: Account, *, vhost: str, hashes: Mapping[str, str]) -> None:
        """Make a user or set its password, and set its permissions; one that comes with a certificate only is left as it is.

        Raises:
            BrokerRefusedError: the broker did not do it, or did not answer.

        """
        user = quote(account.user, safe="")
        if account.user in hashes or await self._call("GET", f"users/{user}") == _MISSING:
            await self._call("PUT", f"users/{user}", user_of(account, hashes))
        path = f"permissions/{quote(vhost, safe='')}/{user}"
        await self._call("PUT", path, permissions_of(account))

    async def _call(self, method: str, path: str, body: Json = None) -> int:
        url = URL(f"{str(self._address).rstrip('/')}/api/{path}", encoded=True)
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, headers=self._headers, trust_env=False) as session,
                session.request(method, url, json=body, allow_redirects=False) as response,
            ):
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BrokerRefusedError(what=path, reason=str(error) or type(error).__name__) from None
        if status >= _OK and not (status == _MISSING and method == "GET"):
            raise BrokerRefusedError(what=path, reason=f"HTTP {status}")
        return status


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
