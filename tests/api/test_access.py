"""Who may call what: tokens, roles, and how denials are recorded."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.application import ROUTES
from gateway.api.refusals import Allowance
from gateway.errors import RoleMissingError
from gateway.flow.access import Caller, Role, new_token
from routing.log import Kind, LogEntry
from tests.api.raw import connected, request
from tests.api.world import NOW, World, a_document, world

in_session = pytest.mark.asyncio(loop_scope="session")

OPEN = {
    "/v1/log/checkpoint",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.yaml",
    "/asyncapi.yaml",
    "/errors",
    "/schemas/edxml-strict.xsd",
    "/schemas/edxml-tolerant.xsd",
    "/docs",
    "/docs/{asset}",
    "/v1/keys",
}
CLOSED = [(method, path) for method, path, _ in ROUTES if path not in OPEN]
FOR_WHO_HAS_A_PART = {
    "/v1/documents/{id}",
    "/v1/documents/{id}/receipt",
    "/v1/documents/{id}/receipts",
    "/v1/documents/{id}/verdict:replay",
}
FOR_EVERYBODY = {
    "/v1/agencies",
    "/v1/agencies/{code}",
    "/v1/agencies/{code}/history",
    "/v1/registry/snapshot",
}
FOR_MEMBERS = {"/v1/documents", "/v1/statuses", "/v1/documents/{id}/content"}
AN_ID = "0197c1f2-5b7e-7c3a-9d51-0f4a3c2b1d10"


def _filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda part: {"code": "H53", "index": "0"}.get(part[1], AN_ID), path)


@in_session
@pytest.mark.parametrize(("method", "path"), CLOSED)
async def test_nothing_without_a_token(gateway: World, method: str, path: str) -> None:
    """Every route that is not open by name refuses callers without a token and says how to bring one."""
    answer = await gateway.call(method, _filled(path), token=None)

    assert (answer.status, answer.json["code"]) == (401, "access.token_missing")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@in_session
@pytest.mark.parametrize(("method", "path"), CLOSED)
async def test_nothing_for_a_token_without_rights(gateway: World, method: str, path: str) -> None:
    """A good token that stands for no system and has no role can look up codes and fetch the registry, and nothing else."""
    answer = await gateway.call(method, _filled(path), token="nobody")

    if path in FOR_EVERYBODY:
        assert answer.status == 200
    elif path in FOR_WHO_HAS_A_PART:
        assert answer.status == 404
    else:
        assert (answer.status, answer.json["code"]) == (403, "access.role_missing")


@in_session
@pytest.mark.parametrize(
    ("method", "path"), [each for each in CLOSED if each[1].startswith(("/v1/log", "/v1/mem"))]
)
async def test_a_system_does_not_administer(gateway: World, method: str, path: str) -> None:
    """A connected system has no part in administration or audit."""
    answer = await gateway.call(method, _filled(path), token="hanoi")

    assert (answer.status, answer.json["code"]) == (403, "access.role_missing")


@in_session
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/documents"), ("GET", "/v1/inbox")])
async def test_roles_do_not_send_or_receive(gateway: World, method: str, path: str) -> None:
    """All roles together do not make a sender."""
    answer = await gateway.call(method, path, token="admin")

    assert (answer.status, answer.json["code"]) == (403, "access.role_missing")
    assert "member" in answer.json["en"]


@in_session
@pytest.mark.parametrize(
    "token",
    [
        "x",
        "vt_",
        f"vt_{AN_ID}.{'A' * 43}",
        f"vt_{AN_ID}.short",
        f"vt_{AN_ID.upper()}.{'A' * 43}",
        "vt_%00",
    ],
)
async def test_wrong_token(gateway: World, token: str) -> None:
    """A token that is malformed or unknown is invalid; the answer does not tell which."""
    answer = await gateway.send(a_document(), token=token)

    assert (answer.status, answer.json["code"]) == (401, "access.token_invalid")


@in_session
async def test_right_id_with_a_wrong_secret(gateway: World) -> None:
    """Knowing a credential's id is no help."""
    token = gateway.tokens["hanoi"]
    flipped = token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:]

    answer = await gateway.call("GET", "/v1/inbox", token=flipped)

    assert (answer.status, answer.json["code"]) == (401, "access.token_invalid")


@in_session
@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Basic aGFub2k6eA==", "access.token_missing"),
        ("Bearer", "access.token_missing"),
        ("", "access.token_missing"),
        ("Bearer  ", "access.token_missing"),
        ("bearer x", "access.token_invalid"),
    ],
)
async def test_other_forms_of_the_header(gateway: World, header: str, code: str) -> None:
    """Only the Bearer scheme counts, in any capitals."""
    answer = await gateway.call("GET", "/v1/inbox", token=None, headers={"Authorization": header})

    assert answer.json["code"] == code


@in_session
async def test_two_tokens(gateway: World) -> None:
    """Two Authorization headers would leave open who calls."""
    token = gateway.tokens["hanoi"]
    async with connected(gateway.url) as connection:
        await connection.send(
            request(
                "/v1/inbox", token=token, length=0, extra=f"Authorization: Bearer {token}\r\n", method="GET"
            )
        )

        assert await connection.problem() == (401, "access.token_invalid")


@in_session
async def test_expired_token(tmp_path: Path) -> None:
    """A token is good until its moment, and the entry names the credential."""
    async with world(tmp_path) as gateway:
        token, credential = new_token(
            label="short", member_id="hanoi", at=NOW, expires_at=NOW + timedelta(hours=1)
        )
        await gateway.store.accounts.issue(credential, actor="test")
        good = await gateway.call("GET", "/v1/inbox", token=token)
        gateway.clock.turn(hours=1)

        late = await gateway.call("GET", "/v1/inbox", token=token)

        assert (good.status, late.status, late.json["code"]) == (200, 401, "access.token_expired")
        assert "2025-07-01T03:00:00+00:00" in late.json["en"]
        (entry,) = await gateway.refusals("access.token_expired")
        assert entry.fields["credential"] == credential.id


@in_session
async def test_revoked_token(gateway: World) -> None:
    """A revoked token is refused at once."""
    token, credential = new_token(label="lost", member_id="hanoi", at=NOW)
    await gateway.store.accounts.issue(credential, actor="test")
    await gateway.store.accounts.revoke(credential.id, actor="test")

    answer = await gateway.call("GET", "/v1/inbox", token=token)

    assert answer.json["code"] == "access.token_invalid"


@in_session
async def test_token_of_a_system_that_is_gone(gateway: World) -> None:
    """A token speaks for nobody once its system is not in the registry."""
    token, credential = new_token(label="gone", member_id="longan", at=NOW)
    await gateway.store.accounts.issue(credential, actor="test")

    answer = await gateway.call("GET", "/v1/inbox", token=token)

    assert answer.json["code"] == "access.token_invalid"


@in_session
async def test_denials_are_entries(gateway: World) -> None:
    """A denial names the resource by its route and, if the caller is known, the credential; never a token."""
    await gateway.call("GET", "/v1/log/entries", token="hanoi")

    entry = (await gateway.refusals("access.role_missing"))[-1]

    assert entry.kind is Kind.REJECTED
    assert entry.fields["resource"] == "/v1/log/entries"
    assert entry.fields["credential"] == gateway.tokens["hanoi"].split("_")[1].split(".")[0]


@in_session
async def test_knocking_does_not_fill_the_log(tmp_path: Path) -> None:
    """Beyond the allowance, refusals of unknown callers are counted, and the next entry carries the count."""
    async with world(tmp_path) as gateway:
        knocks = await asyncio.gather(*(gateway.call("GET", "/v1/inbox", token=None) for _ in range(400)))
        assert {knock.status for knock in knocks} == {401}
        unlogged = gateway.context.metrics.registry.get_sample_value("vanthu_unlogged_refusals_total") or 0
        entries = await gateway.refusals("access.token_missing")
        while _carried(entries) < unlogged:
            await gateway.call("GET", "/v1/inbox", token=None)
            entries = await gateway.refusals("access.token_missing")
        known = await gateway.call("GET", "/v1/log/entries", token="hanoi")

        assert 0 < unlogged <= 300
        assert len(entries) >= 100
        assert known.status == 403
        assert len(await gateway.refusals("access.role_missing")) == 1


def _carried(entries: list[LogEntry]) -> int:
    return sum(int(str(entry.fields.get("suppressed", 0))) for entry in entries)


def test_allowance_refills() -> None:
    """The allowance is spent by calls and refilled by time."""
    allowance = Allowance(rate=2, burst=3)

    assert [allowance.take(10.0) for _ in range(5)] == [0, 0, 0, None, None]
    assert allowance.take(10.5) == 2
    assert allowance.take(10.5) is None
    assert allowance.take(100.0) == 1


@given(st.lists(st.floats(min_value=0, max_value=5), max_size=60))
def test_allowance_counts_everything(pauses: list[float]) -> None:
    """Whatever the pauses, each refusal is either recorded or counted in a later entry."""
    allowance = Allowance(rate=1, burst=2)
    now, recorded, carried = 0.0, 0, 0
    for pause in pauses:
        now += pause
        suppressed = allowance.take(now)
        if suppressed is not None:
            recorded += 1
            carried += suppressed
    final = allowance.take(now + 1_000)

    assert final is not None
    assert recorded + carried + final == len(pauses)


def test_tokens_are_never_alike() -> None:
    """Two tokens share nothing, and the credential does not hold the secret."""
    first, one = new_token(label="a", member_id=None, at=NOW)
    second, other = new_token(label="a", member_id=None, at=NOW)

    assert (first != second, one.id != other.id, one.secret_sha256 != other.secret_sha256) == (
        True,
        True,
        True,
    )
    assert first.partition(".")[2] not in repr(one)


@pytest.mark.parametrize("role", Role)
def test_a_role_is_no_other_role(role: Role) -> None:
    """Whoever has one role lacks the others, and acts for no member."""
    caller = Caller(credential_id=AN_ID, label="", member=None, roles=frozenset({role.value}))

    caller.require_role(role)
    for other in set(Role) - {role}:
        with pytest.raises(RoleMissingError):
            caller.require_role(other)
    with pytest.raises(RoleMissingError):
        caller.require_member()
