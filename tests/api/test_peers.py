"""Other gateways by the API: who may change them, what is refused, and that every change is an entry and counts at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.keys import SigningKey
from gateway.peers import PeerGateway
from routing.log import Kind
from tests.api.test_members import post
from tests.api.world import GATEWAY, World, world

pytestmark = pytest.mark.asyncio(loop_scope="session")

_JSON = {"Content-Type": "application/json"}


def a_key(name: str = "gw.north/axis") -> str:
    """Return a new verifier key."""
    return SigningKey(name=name, private=Ed25519PrivateKey.generate()).verifier


async def known(gateway: World) -> dict[str, Any]:
    """Return what the API tells of every gateway, by name."""
    answer = await gateway.call("GET", "/v1/peers", token="admin")
    assert answer.status == 200
    return {each["name"]: each for each in answer.json["items"]}


async def test_a_gateway_is_registered_changed_and_ended(tmp_path: Path) -> None:
    """Each step counts for the very next batch that is received, and is told by an entry with who did it."""
    first, second = a_key(), a_key()
    async with world(tmp_path) as gateway:
        own = await known(gateway)
        made = await post(gateway, "/v1/peers", name="gw.north", verifier_key=first)
        assert (made.status, made.json["shares_payloads"], made.json["is_this"]) == (201, False, False)
        assert {name: each["is_this"] for name, each in (await known(gateway)).items()} == {
            GATEWAY: True,
            "gw.north": False,
        }

        for _ in range(2):
            await post(gateway, "/v1/peers", name="gw.north", verifier_key=first, shares_payloads=True)
        assert (await known(gateway))["gw.north"]["shares_payloads"] is True
        await post(gateway, "/v1/peers", name="gw.north", verifier_key=second)
        assert (await gateway.store.registry.peers())[1:] == (
            PeerGateway(name="gw.north", verifier_key=second),
        )

        ended = await gateway.call("DELETE", "/v1/peers/gw.north", token="admin")
        again = await gateway.call("DELETE", "/v1/peers/gw.north", token="admin")
        assert (ended.status, ended.json) == (200, {"name": "gw.north", "members": []})
        assert (again.status, again.json["code"]) == (404, "request.not_found")
        assert await known(gateway) == own

        entries = [entry for entry in await gateway.log() if entry.fields.get("gateway") == "gw.north"]
        assert [(entry.kind, entry.fields["verifier_key"]) for entry in entries] == [
            (Kind.KEY_ROTATED, first),
            (Kind.PEER_CHANGED, first),
            (Kind.KEY_ROTATED, second),
            (Kind.PEER_REMOVED, second),
        ]
        assert len({entry.fields["actor"] for entry in entries}) == 1
        assert entries[0].fields["actor"] != GATEWAY


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"verifier_key": "gw.north/axis"}, (422, "peer.key_unreadable")),
        ({"verifier_key": "gw.north/axis+00000000+AAAA"}, (422, "peer.key_unreadable")),
        ({"verifier_key": "gw.north/axis+00000000" + a_key()[22:]}, (422, "peer.key_unreadable")),
        ({"verifier_key": a_key("gw.north/routing")}, (422, "peer.key_foreign")),
        ({"verifier_key": a_key("gw.south/axis")}, (422, "peer.key_foreign")),
        ({"name": "gw.north "}, (422, "peer.key_foreign")),
        ({"name": GATEWAY, "verifier_key": a_key(f"{GATEWAY}/axis")}, (409, "peer.own_gateway")),
        ({"name": ""}, (400, "request.bad_parameter")),
        ({"shares_payloads": "yes"}, (400, "request.bad_parameter")),
        ({"colour": "red"}, (400, "request.bad_parameter")),
    ],
)
async def test_impossible_gateway(gateway: World, facts: dict[str, Any], expected: tuple[int, str]) -> None:
    """What cannot be another gateway's key is refused, and nobody is believed who was not before."""
    before = await known(gateway)

    answer = await post(gateway, "/v1/peers", **{"name": "gw.north", "verifier_key": a_key(), **facts})

    assert (answer.status, answer.json["code"]) == expected, answer.json
    assert await known(gateway) == before


async def test_this_gateway_cannot_be_ended(gateway: World) -> None:
    """It would not believe what it sends to itself."""
    answer = await gateway.call("DELETE", f"/v1/peers/{GATEWAY}", token="admin")

    assert (answer.status, answer.json["code"]) == (409, "peer.own_gateway")


@pytest.mark.parametrize("roles", [["registry"], ["auditor"], None])
async def test_only_administrators_change_gateways(gateway: World, roles: list[str] | None) -> None:
    """Whoever looks after codes or the log sees the gateways; a connected system does not even see them."""
    made = (
        await post(gateway, "/v1/members/hanoi/tokens", label="x")
        if roles is None
        else await post(gateway, "/v1/tokens", label="x", roles=roles)
    )
    token = made.json["token"]
    body = msgspec.json.encode({"name": "gw.north", "verifier_key": a_key()})

    seen = await gateway.call("GET", "/v1/peers", token=token)
    put = await gateway.call("POST", "/v1/peers", body=body, headers=_JSON, token=token)
    ended = await gateway.call("DELETE", "/v1/peers/gw.north", token=token)

    assert seen.status == (403 if roles is None else 200)
    assert {put.json["code"], ended.json["code"]} == {"access.role_missing"}


async def test_a_system_at_another_gateway(tmp_path: Path) -> None:
    """A system can be given to a gateway that is known, and to no other; ending the gateway names it."""
    system = {"id": "vpcp", "name": "VPCP", "prefixes": ["G22"], "gateway": "a/b.north"}
    async with world(tmp_path) as gateway:
        refused = await post(gateway, "/v1/members", **system)
        assert (refused.status, refused.json["code"]) == (422, "peer.gateway_unknown")

        await post(gateway, "/v1/peers", name="a/b.north", verifier_key=a_key("a/b.north/axis"))
        taken = await post(gateway, "/v1/members", **system)
        assert (taken.status, taken.json["gateway"]) == (201, "a/b.north")

        ended = await gateway.call("DELETE", "/v1/peers/a%2Fb.north", token="admin")
        assert ended.json == {"name": "a/b.north", "members": ["vpcp"]}
        refused = await post(gateway, "/v1/members", **system)
        assert (refused.status, refused.json["code"]) == (422, "peer.gateway_unknown")
