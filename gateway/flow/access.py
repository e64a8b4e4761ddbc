"""Who calls: bearer tokens, the credentials behind them, and what a caller may do.

A token is `vt_<credential id>.<secret>`. The secret is 256 random bits, so its plain SHA-256 is enough to keep; it is compared in
constant time. The id says whose secret to compare with and is no secret. A caller acts for the member of its credential and for
nobody else (design promise 5); what is not granted is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from uuid_utils import uuid7

from gateway.credentials import Credential
from gateway.errors import RoleMissingError, TokenExpiredError, TokenInvalidError, TokenMissingError
from gateway.ports import Store
from routing.agencies import Member

SECRET_BYTES = 32

_TOKEN = re.compile(r"vt_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})")


class Role(StrEnum):
    """What a credential may do besides sending and receiving for its member."""

    ADMIN = "admin"
    """Members, other gateways, credentials and the trust store."""

    REGISTRY = "registry"
    """Agencies and their certificates."""

    AUDITOR = "auditor"
    """The routing log, and every document's metadata, but no body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Someone whose token was found to be good."""

    credential_id: str
    label: str
    member: Member | None
    roles: frozenset[str]

    def require_member(self) -> Member:
        """Return the member that this caller acts for.

        Raises:
            RoleMissingError: it acts for none.

        """
        if self.member is None:
            raise RoleMissingError(role="member")
        return self.member

    def require_role(self, *roles: Role) -> None:
        """Let the caller pass only with one of these roles.

        Raises:
            RoleMissingError: it has none of them.

        """
        if self.roles.isdisjoint(roles):
            raise RoleMissingError(role=" / ".join(role.value for role in roles))


def new_token(
    *,
    label: str,
    member_id: str | None,
    at: datetime,
    roles: Iterable[str] = (),
    expires_at: datetime | None = None,
) -> tuple[str, Credential]:
    """Make a token, which is shown once and kept nowhere, and the credential to be stored for it."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    credential = Credential(
        id=str(uuid7()),
        label=label,
        member_id=member_id,
        roles=frozenset(roles),
        secret_sha256=_digest(secret),
        created_at=at,
        expires_at=expires_at,
        revoked_at=None,
    )
    return f"vt_{credential.id}.{secret}", credential


async def authenticate(token: str | None, *, store: Store, at: datetime) -> Caller:
    """Find out who holds this token.

    Raises:
        TokenMissingError: there is no token.
        TokenInvalidError: it is malformed, unknown, revoked, or its member is gone; the answer does not tell which.
        TokenExpiredError: it was good until a moment before `at`.

    """
    if not token:
        raise TokenMissingError
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise TokenInvalidError
    credential_id, secret = match.groups()
    credential = await store.accounts.credential(credential_id)
    if credential is None or not hmac.compare_digest(_digest(secret), credential.secret_sha256):
        raise TokenInvalidError
    if credential.revoked_at is not None:
        raise TokenInvalidError(credential_id=credential.id)
    if credential.expires_at is not None and credential.expires_at <= at:
        since = credential.expires_at.isoformat(timespec="seconds")
        raise TokenExpiredError(since=since, credential_id=credential.id)
    return await _caller(credential, store)


async def _caller(credential: Credential, store: Store) -> Caller:
    member = None
    if credential.member_id is not None:
        directory = await store.registry.directory()
        member = next((each for each in directory.members if each.id == credential.member_id), None)
        if member is None:
            raise TokenInvalidError(credential_id=credential.id)
    return Caller(credential_id=credential.id, label=credential.label, member=member, roles=credential.roles)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
