"""Where a key on a token is: a PKCS #11 URI (RFC 7512), as much of it as names one key and one way to it.

    pkcs11:token=vanthu;object=receipt?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/vanthu/pin

Invariant: the PIN is never in the address, because addresses stand in environments, process lists and logs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.keys.errors import BadTokenAddressError

SCHEME: Final = "pkcs11:"

_PATH: Final = ("token", "object", "type")
_QUERY: Final = ("module-path", "pin-source")
_ESCAPES: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAddress:
    """The key named `object` on the token named `token`, reached through a library, with a PIN from a file."""

    token: str
    object: str
    module: Path
    pin_source: Path

    @classmethod
    def parse(cls, text: str) -> TokenAddress:
        """Read an address.

        Raises:
            BadTokenAddressError: it is not a PKCS #11 URI, lacks something, or names something that is not looked at here.

        """
        if not text.startswith(SCHEME):
            raise BadTokenAddressError(reason=f"it does not begin with {SCHEME}")
        path, _, query = text.removeprefix(SCHEME).partition("?")
        named = dict(_attributes(path, ";", _PATH)) | dict(_attributes(query, "&", _QUERY))
        for name in ("token", "object", *_QUERY):
            if not named.get(name):
                raise BadTokenAddressError(reason=f"{name} is missing")
        if named.get("type", "private") != "private":
            raise BadTokenAddressError(reason="type is not private")
        return cls(
            token=named["token"],
            object=named["object"],
            module=Path(named["module-path"]),
            pin_source=_file(named["pin-source"]),
        )


def _attributes(text: str, separator: str, known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    seen = set()
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if name == "pin-value":
            raise BadTokenAddressError(
                reason="a PIN does not belong in it, but in the file that pin-source names"
            )
        if name not in known or not equals:
            raise BadTokenAddressError(reason=f"{name!a} is not one of {', '.join(known)}")
        if name in seen:
            raise BadTokenAddressError(reason=f"{name} stands in it twice")
        seen.add(name)
        yield name, _decoded(name, value)


def _decoded(name: str, value: str) -> str:
    if _ESCAPES.search(value):
        raise BadTokenAddressError(reason=f"{name} has a percent sign that is no escape")
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError as error:
        raise BadTokenAddressError(reason=f"{name} is not UTF-8") from error


def _file(source: str) -> Path:
    """Return the file that a pin-source names, as a path or as a file URI without a host."""
    path = source.removeprefix("file:")
    if path.startswith("//"):
        path = "/" + path.lstrip("/")
        if not source.startswith("file:///"):
            raise BadTokenAddressError(reason="pin-source names another host")
    if "|" in path or not path:
        raise BadTokenAddressError(reason="pin-source is not a file")
    return Path(path)
