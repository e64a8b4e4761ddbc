"""The trust store over HTTP: what an administrator changes is in force when it is answered, and everybody can see who did it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import issue_authority, new_root
from routing.log import Kind
from tests.api.world import NOW, Answer, World, a_document, identity, root, stranger, world

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/v1/trust/certificates"
DAY = timedelta(days=1)


def pem(certificate: x509.Certificate) -> str:
    """Return a certificate as text."""
    return certificate.public_bytes(Encoding.PEM).decode()


def sha256_of(certificate: x509.Certificate) -> str:
    """Return the name by which a certificate goes."""
    return certificate.fingerprint(hashes.SHA256()).hex()


ROOT = root().certificate
STRANGER = stranger().certificate
RETIRE_ROOT = f"{PATH}/{sha256_of(ROOT)}:retire"


async def post(gateway: World, path: str = PATH, /, *, token: str = "admin", **members: Any) -> Answer:  # noqa: S107 - the name of a holder
    """Send JSON."""
    headers = {"Content-Type": "application/json"}
    return await gateway.call("POST", path, body=msgspec.json.encode(members), headers=headers, token=token)


async def listed(gateway: World, query: str = "", *, token: str = "auditor") -> Any:  # noqa: S107 - as above
    """Return what is listed."""
    answer = await gateway.call("GET", f"{PATH}{query}", token=token)
    assert answer.status == 200
    return answer.json


async def test_an_anchor_is_added_and_retired(tmp_path: Path) -> None:
    """Without the root nothing can be decided; with it documents pass at once; retired, they do not, but earlier ones would."""
    async with world(tmp_path, trusted=False) as gateway:
        before = await gateway.send(a_document())
        added = await post(gateway, pem=pem(ROOT), note="gốc")
        accepted = await gateway.send(a_document())
        retired = await post(gateway, RETIRE_ROOT, reason="khóa bị lộ")
        after = await gateway.send(a_document())

        assert [each.status for each in (before, added, accepted, retired, after)] == [
            202,
            201,
            201,
            200,
            202,
        ]
        assert (added.json["version"], added.json["changed"]) == (1, True)
        certificate = added.json["certificate"]
        assert (certificate["sha256"], certificate["role"], certificate["state"]) == (
            sha256_of(ROOT),
            "anchor",
            "in_force",
        )
        assert certificate["pem"] == pem(ROOT)
        assert (retired.json["certificate"]["state"], retired.json["certificate"]["reason"]) == (
            "retired",
            "khóa bị lộ",
        )
        log = await gateway.log()
        [decision] = [entry for entry in log if entry.kind is Kind.ACCEPTED]
        assert decision.fields["trust_number"] == 1
        entries = [entry for entry in log if "trust_sha256" in entry.fields]
        assert [entry.kind for entry in entries] == [Kind.TRUST_ADDED, Kind.TRUST_RETIRED]
        assert {entry.fields["actor"] for entry in entries} == {certificate["actor"]}
        assert certificate["actor"] in gateway.tokens["admin"]


async def test_what_is_listed(tmp_path: Path) -> None:
    """What is retired only when asked for; what was so at a version; anchors first, and what ends first before others."""
    async with world(tmp_path) as gateway:
        below = issue_authority(root(), "Cấp dưới", not_before=NOW - DAY, not_after=NOW + 20 * DAY)
        await post(gateway, pem=pem(below.certificate))
        await post(gateway, pem=pem(STRANGER), trusted_from=(NOW + DAY).isoformat())
        await post(gateway, RETIRE_ROOT, reason="thử")

        now, everything = await listed(gateway), await listed(gateway, "?all=true", token="admin")
        first = await listed(gateway, "?version=1")
        states = [
            (each["sha256"], each["role"], each["state"], each["days_left"]) for each in now["certificates"]
        ]
        assert [each[:3] for each in states] == [
            (sha256_of(STRANGER), "anchor", "not_yet"),
            (sha256_of(below.certificate), "intermediate", "in_force"),
        ]
        assert states[1][3] == 20
        assert [each["state"] for each in everything["certificates"]] == ["retired", "not_yet", "in_force"]
        assert (now["version"], first["version"]) == (4, 1)
        assert [each["sha256"] for each in first["certificates"]] == [sha256_of(ROOT)]
        assert first["certificates"][0]["actor"] == "folder"
        gateway.clock.turn(days=21)
        assert (await listed(gateway))["certificates"][1]["state"] == "expired"


@pytest.mark.parametrize(
    ("facts", "status", "code"),
    [
        ({"pem": pem(ROOT)}, 409, "trust.already_there"),
        ({"pem": pem(identity("H26")[0])}, 422, "certs.not_an_authority"),
        ({"pem": "junk"}, 400, "certs.authority_unreadable"),
        ({"pem": pem(ROOT) + pem(STRANGER)}, 400, "certs.authority_unreadable"),
        ({"pem": pem(new_root("Cũ", NOW - 21 * 365 * DAY).certificate)}, 422, "certs.authority_expired"),
        (
            {"trusted_from": NOW.isoformat(), "trusted_until": NOW.isoformat()},
            422,
            "trust.window_reversed",
        ),
        ({"trusted_from": "hôm nay"}, 400, "request.bad_parameter"),
        ({"usages": []}, 400, "request.bad_parameter"),
        ({"usages": ["web"]}, 400, "request.bad_parameter"),
        ({"revocation": "maybe"}, 400, "request.bad_parameter"),
        ({"codes": [" H26"]}, 400, "request.bad_parameter"),
        ({"codes": ["Hà Nội"]}, 400, "request.bad_parameter"),
        ({"note": "a\u202eb"}, 400, "request.bad_parameter"),
        ({"terms": {}}, 400, "request.bad_parameter"),
    ],
)
async def test_refused(gateway: World, facts: dict[str, Any], status: int, code: str) -> None:
    """What cannot be relied upon, or not so, is refused by its code, and changes nothing."""
    before = await listed(gateway, "?all=true")
    answer = await post(gateway, **{"pem": pem(STRANGER), **facts})

    assert (answer.status, answer.json["code"]) == (status, code)
    after = await listed(gateway, "?all=true")
    assert (after["version"], after["certificates"]) == (before["version"], before["certificates"])


async def test_terms_are_kept_and_replaced(tmp_path: Path) -> None:
    """Terms come back as they were stated, and are replaced as a whole; the same again is no change."""
    terms: dict[str, Any] = {
        "usages": ["timestamp"],
        "trusted_from": "2025-01-01T00:00:00+07:00",
        "trusted_until": "2030-01-01T00:00:00+07:00",
        "revocation": "require",
        "codes": ["H26", "H53.1"],
        "note": "chỉ cho dấu thời gian",
    }
    async with world(tmp_path) as gateway:
        changed = await post(gateway, pem=pem(ROOT), replace=True, **terms)
        again = await post(gateway, pem=pem(ROOT), replace=True, **terms)

        shown = changed.json["certificate"]
        assert {name: shown[name] for name in terms} == {
            **terms,
            "trusted_from": "2024-12-31T17:00:00.000Z",
            "trusted_until": "2029-12-31T17:00:00.000Z",
        }
        assert [(each.json["version"], each.json["changed"]) for each in (changed, again)] == [
            (2, True),
            (2, False),
        ]
        assert (await gateway.send(a_document())).status == 202


async def test_terms_of_a_subordinate(gateway: World) -> None:
    """They would have no effect, so nobody is left to believe that they have."""
    below = issue_authority(root(), "Cấp dưới", not_before=NOW - DAY, not_after=NOW + 20 * DAY)
    answer = await post(gateway, pem=pem(below.certificate), codes=["H26"])

    assert (answer.status, answer.json["code"]) == (422, "trust.terms_of_intermediate")


async def test_retiring_what_is_not_there(gateway: World) -> None:
    """An unknown certificate is not found, whatever its name looks like; a reason must be given."""
    for name in ("00" * 32, "x", sha256_of(ROOT).upper(), "%00"):
        answer = await post(gateway, f"{PATH}/{name}:retire", reason="thử")
        assert (answer.status, answer.json["code"]) == (404, "trust.unknown_certificate")
    assert (await post(gateway, RETIRE_ROOT)).json["code"] == "request.bad_parameter"
    assert (await post(gateway, RETIRE_ROOT, reason="")).json["code"] == "request.bad_parameter"


async def test_retiring_later_and_earlier(tmp_path: Path) -> None:
    """The end can be set ahead, takes effect by itself, and only ever comes nearer."""
    async with world(tmp_path) as gateway:
        ahead = await post(gateway, RETIRE_ROOT, reason="hết hợp đồng", at=(NOW + 3 * DAY).isoformat())
        accepted = await gateway.send(a_document())
        gateway.clock.turn(days=3)
        refused = await gateway.send(a_document())
        later = await post(gateway, RETIRE_ROOT, reason="nhầm", at=(NOW + 9 * DAY).isoformat())
        earlier = await post(gateway, RETIRE_ROOT, reason="lộ khóa", at=NOW.isoformat())

        assert (ahead.json["certificate"]["state"], accepted.status, refused.status) == ("in_force", 201, 202)
        assert (later.status, later.json["code"]) == (409, "trust.already_retired")
        assert (earlier.status, earlier.json["certificate"]["trusted_until"]) == (
            200,
            "2025-07-01T02:00:00.000Z",
        )


@pytest.mark.parametrize("token", ["hanoi", "auditor", "nobody"])
async def test_only_administrators_change_it(gateway: World, token: str) -> None:
    """Auditors may look, systems may not even that."""
    for answer in (
        await post(gateway, token=token, pem=pem(STRANGER)),
        await post(gateway, RETIRE_ROOT, token=token, reason="x"),
    ):
        assert (answer.status, answer.json["code"]) == (403, "access.role_missing")
    read = await gateway.call("GET", PATH, token=token)
    assert read.status == (200 if token == "auditor" else 403)


@pytest.mark.parametrize(
    ("query", "status"), [("?all=yes", 400), ("?version=-1", 400), ("?version=999", 404), ("?x=1", 400)]
)
async def test_impossible_questions(gateway: World, query: str, status: int) -> None:
    """A mistyped question is refused."""
    assert (await gateway.call("GET", f"{PATH}{query}", token="admin")).status == status


async def test_readiness_and_metrics(tmp_path: Path) -> None:
    """The operator sees the version, how many certificates there are, and how many end in 60, 30 and 7 days."""
    async with world(tmp_path) as gateway:
        for days in (5, 20, 50, 90):
            below = issue_authority(root(), f"{days}", not_before=NOW, not_after=NOW + days * DAY)
            await post(gateway, pem=pem(below.certificate))
        await post(gateway, pem=pem(STRANGER))
        await post(gateway, f"{PATH}/{sha256_of(STRANGER)}:retire", reason="thử")

        trust = (await gateway.call("GET", "/readyz", token=None)).json["checks"]["trust"]
        text = (await gateway.call("GET", "/metrics", token=None)).body.decode()

        assert {
            name: trust[name] for name in ("version", "anchors", "intermediates", "retired", "expiring")
        } == {
            "version": 7,
            "anchors": 1,
            "intermediates": 4,
            "retired": 1,
            "expiring": {"60": 3, "30": 2, "7": 1},
        }
        lines = [line for line in text.splitlines() if line.startswith("vanthu_trust_")]
        assert "vanthu_trust_version 7.0" in lines
        ends = {line.rpartition(" ")[2] for line in lines if 'role="intermediate"' in line}
        assert {float(each) for each in ends} == {days * 86_400.0 for days in (5, 20, 50, 90)}
        assert sha256_of(STRANGER) not in text
        assert sum(sha256_of(ROOT) in line for line in lines) == 1


async def test_other_processes_hear_of_it(tmp_path: Path) -> None:
    """What another process wrote into the store is in force here without a restart."""
    async with world(tmp_path, trusted=False) as gateway:
        await gateway.store.trust.take_over(ROOT, actor="another process")
        assert (await gateway.send(a_document())).status == 202
        async with asyncio.timeout(20):
            while not gateway.context.trust.trust().anchors:
                await asyncio.sleep(0.05)

        assert (await gateway.send(a_document())).status == 201
