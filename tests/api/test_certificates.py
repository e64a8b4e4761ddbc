"""Agencies' certificates over HTTP: registration, what becomes of it, rollover, the calendar and the numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.certificate import fingerprint, key_fingerprint
from certs.issue import issue
from routing.log import Kind
from tests.api.world import NOW, Answer, World, a_document, certificate_pem, identity, root, stranger, world
from tests.support.pki import Identity
from tests.support.registry import an_agency, home_agencies

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEM = "application/x-pem-file"
H26 = "/v1/agencies/H26/certificates"
_DAY = timedelta(days=1)


@cache
def a_certificate(name: str = "Văn thư", *, code: str | None = "H26", days: int = 365) -> Identity:
    """Return a certificate that ends some days from now, and its key; one of its kind each name."""
    return issue(
        root(),
        subject_common_name=name,
        subject_serial_number=code,
        organization="Ủy ban nhân dân thành phố Hà Nội",
        not_before=NOW - 30 * _DAY,
        not_after=NOW + days * _DAY,
    )


def pem(of: Identity) -> bytes:
    """Return its certificate as PEM."""
    return of[0].public_bytes(Encoding.PEM)


async def register(gateway: World, of: Identity, *, more: bytes = b"", **terms: Any) -> Answer:
    """Register a certificate for Hà Nội."""
    asked = {name.rstrip("_"): each for name, each in terms.items()}
    return await gateway.post(f"{H26}?{urlencode(asked)}", pem(of) + more, PEM)


async def change(gateway: World, registration: str, verb: str, body: str = '{"reason": "thử"}') -> Answer:
    """Suspend, resume or revoke a registration of Hà Nội."""
    return await gateway.post(f"{H26}/{registration}/{verb}", body.encode(), "application/json")


def codes(answer: Answer) -> list[str]:
    """Return the codes of an acceptance's warnings."""
    return [each["code"] for each in answer.json["warnings"]]


async def test_rollover_without_interruption(tmp_path: Path) -> None:
    """Old and new overlap; the old one is accepted with a warning, recorded, and named in the calendar."""
    async with world(tmp_path) as gateway:
        old, new = a_certificate("cũ", days=20), a_certificate("mới")
        first = await register(gateway, old)
        assert codes(await gateway.send(a_document(by=old))) == ["certs.certificate_ends_soon"]
        refused = await gateway.send(a_document(by=new))
        assert refused.json["code"] == "access.signer_not_bound"

        second = await register(gateway, new, replaces=fingerprint(old[0]), from_=NOW.isoformat())
        by_old, by_new = await gateway.send(a_document(by=old)), await gateway.send(a_document(by=new))
        listed = (await gateway.call("GET", H26, token="auditor")).json
        calendar = (await gateway.call("GET", "/v1/certificates/calendar", token="auditor")).json

        assert second.json["others_in_force"] == [first.json["registration"]["id"]]
        assert (codes(by_old), codes(by_new)) == (["certs.old_certificate"], [])
        one, two = listed["registrations"]
        assert (one["documents"], two["documents"]) == (2, 1)
        assert one["replaced_by"] == [two["id"]]
        assert two["replaces"] == one["id"]
        assert one["last_seen"] == two["last_seen"] == by_old.json["accepted_at"]
        (ending,), (alert,) = calendar["endings"], calendar["alerts"]
        assert (ending["days_left"], ending["by_certificate"], ending["replaced_by"]) == (
            20,
            True,
            [two["id"]],
        )
        assert (alert["code"], alert["certificate_sha256"]) == ("H26", fingerprint(old[0]))
        shown = (await gateway.call("GET", "/metrics", token=None)).body.decode()
        assert "vanthu_certificates_old 1.0" in shown
        assert 'vanthu_certificates_ending{within_days="30"} 0.0' in shown


async def test_suspended_resumed_revoked(tmp_path: Path) -> None:
    """Each change counts at once, is a version and an entry, and the reason stays on record."""
    async with world(tmp_path) as gateway:
        mine = a_certificate()
        made = (await register(gateway, mine)).json["registration"]["id"]
        # Another registration would bind it, and does not help.
        await register(gateway, mine, by="spki")

        suspended = await change(gateway, made, "suspend")
        refused = await gateway.send(a_document(by=mine))
        resumed = await change(gateway, made, "resume", '{"reason": "xong"}')
        accepted = await gateway.send(a_document(by=mine))
        revoked = await change(gateway, made, "revoke", '{"reason": "mất", "compromised": true}')
        gone = await gateway.send(a_document(by=mine))

        assert suspended.json["registration"]["state"] == "suspended"
        assert "suspended" in refused.json["en"]
        assert (resumed.json["registration"]["state"], accepted.status) == ("in_force", 201)
        assert revoked.json["registration"]["state"] == "revoked"
        assert revoked.json["registration"]["revoked"]["compromised"] is True
        assert "revoked" in gone.json["en"]
        (period,) = revoked.json["registration"]["suspensions"]
        assert (period["reason"], period["resumed_because"]) == ("thử", "xong")
        kinds = [Kind.CERTIFICATE_SUSPENDED, Kind.CERTIFICATE_RESUMED, Kind.CERTIFICATE_REVOKED]
        entries = [entry for entry in await gateway.log() if entry.kind in kinds]
        assert [entry.kind for entry in entries] == kinds
        assert {entry.fields["registration"] for entry in entries} == {made}


async def test_what_cannot_become_of_a_registration(tmp_path: Path) -> None:
    """Twice suspended, resumed for nothing, after the end: refused, and nothing changes."""
    async with world(tmp_path) as gateway:
        sha256 = (await register(gateway, a_certificate())).json["certificate_sha256"]
        assert (await change(gateway, sha256, "resume")).json["code"] == "registry.registration_state"
        await change(gateway, sha256, "suspend")
        assert (await change(gateway, sha256, "suspend")).status == 409
        assert (await register(gateway, a_certificate())).status == 409
        await change(gateway, sha256, "revoke")
        version = (await gateway.store.registry.directory()).version
        for verb in ("suspend", "resume", "revoke"):
            assert (await change(gateway, sha256, verb)).json["code"] == "registry.registration_state"
        again = await register(gateway, a_certificate())
        assert (again.status, again.json["code"]) == (409, "registry.registration_state")
        assert (await gateway.store.registry.directory()).version == version


async def test_a_renewed_certificate_under_the_same_key(tmp_path: Path) -> None:
    """Registered by key, the agency may renew its certificate without telling anybody."""
    async with world(tmp_path) as gateway:
        mine = identity("H26")

        made = await register(gateway, mine, by="spki")
        accepted = await gateway.send(a_document(by=mine))

        assert made.json["registration"]["spki_sha256"] == key_fingerprint(mine[0])
        assert (accepted.status, (await register(gateway, mine, by="spki")).status) == (201, 201)


async def test_by_profile(tmp_path: Path) -> None:
    """A new certificate of the same authority with the same attributes binds; a unit's or a stranger's does not."""
    async with world(tmp_path) as gateway:
        sample, next_one, other = (
            a_certificate("một"),
            a_certificate("hai"),
            a_certificate("ba", code="H26.1"),
        )
        ca = root().certificate.public_bytes(Encoding.PEM)

        made = await register(
            gateway, sample, more=ca, by="profile", profile="vgca", issuer="spki", attributes="O,serialNumber"
        )

        assert made.json["registration"]["profile"] == {
            "name": "vgca",
            "issuer_by": "spki",
            "issuer_sha256": key_fingerprint(root().certificate),
            "subject": [
                {"attribute": "O", "value": "Ủy ban nhân dân thành phố Hà Nội"},
                {"attribute": "serialNumber", "value": "H26"},
            ],
        }
        assert (await gateway.send(a_document(by=next_one))).status == 201
        assert (await gateway.send(a_document(by=other))).json["code"] == "access.signer_not_bound"
        seen = (await gateway.call("GET", H26, token="hanoi")).json["seen"]
        assert [each["certificate_sha256"] for each in seen] == [fingerprint(next_one[0])]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("by=key", 400, "request.bad_parameter"),
        ("by=spki&profile=x", 400, "request.bad_parameter"),
        ("by=profile", 400, "request.bad_parameter"),
        ("by=profile&profile=Hoa", 400, "request.bad_parameter"),
        ("by=profile&profile=x&attributes=DC", 400, "request.bad_parameter"),
        ("by=profile&profile=x", 400, "request.bad_parameter"),
        ("attributes=O", 400, "request.bad_parameter"),
        ("from=today", 400, "request.bad_parameter"),
        ("from=2025-07-02T00:00:00Z&until=2025-07-02T00:00:00Z", 422, "registry.registration_refused"),
        ("from=2099-01-01T00:00:00Z", 422, "registry.registration_refused"),
        ("until=2000-01-01T00:00:00Z", 422, "registry.registration_refused"),
        (f"replaces={'ab' * 32}", 422, "registry.registration_refused"),
        ("until=x&until=y", 400, "request.bad_parameter"),
    ],
)
async def test_what_cannot_be_registered(gateway: World, query: str, status: int, code: str) -> None:
    """Options that contradict each other, or a registration that could never bind."""
    before = await gateway.store.registry.directory()

    answer = await gateway.post(f"/v1/agencies/H53.1/certificates?{query}", certificate_pem("H53"), PEM)

    assert (answer.status, answer.json["code"]) == (status, code)
    assert (await gateway.store.registry.directory()).version == before.version


async def test_an_authority_is_nobodys_certificate(gateway: World) -> None:
    """Neither as the agency's, nor one that did not issue the agency's, nor an agency's as an authority's."""
    ca, other = (each.certificate.public_bytes(Encoding.PEM) for each in (root(), stranger()))
    path, profile = "/v1/agencies/H53.1/certificates", "?by=profile&profile=x"
    answers = [
        await gateway.post(path, ca, PEM),
        await gateway.post(path + profile, certificate_pem("H53") + other, PEM),
        await gateway.post(path + profile, certificate_pem("H53") + certificate_pem("H26"), PEM),
        await gateway.post(path + profile + "&attributes=C", certificate_pem("H53") + ca, PEM),
        await gateway.post(path + profile + "&attributes=UID", certificate_pem("H53") + ca, PEM),
    ]

    assert {(each.status, each.json["code"]) for each in answers} == {(422, "registry.registration_refused")}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{}", 400),
        (b'{"reason": ""}', 400),
        (b'{"reason": "\\u202e"}', 400),
        (b'{"reason": " "}', 400),
        (b'{"reason": "x", "more": 1}', 400),
        (b'{"reason": "x", "since": "2999-01-01T00:00:00Z"}', 400),
        (b'{"reason": "x"}', 404),
    ],
)
async def test_bad_changes(gateway: World, body: bytes, status: int) -> None:
    """A reason has to be given and seen; nothing is revoked in the future; what is not there cannot be revoked."""
    path = f"/v1/agencies/H53.1/certificates/{'ab' * 32}/revoke"

    assert (await gateway.post(path, body, "application/json")).status == status


async def test_revoked_since(tmp_path: Path) -> None:
    """A revocation may reach back, and says so."""
    async with world(tmp_path) as gateway:
        made = (await register(gateway, a_certificate())).json["registration"]["id"]
        since = (NOW - _DAY).isoformat()

        revoked = await change(gateway, made, "revoke", f'{{"reason": "x", "since": "{since}"}}')

        shown = revoked.json["registration"]["revoked"]["since"]
        assert datetime.fromisoformat(shown) == NOW - _DAY


async def test_who_may_read_and_write(gateway: World) -> None:
    """Members read what concerns the agencies that they serve; nobody without the role writes."""
    path = "/v1/agencies/H53.1/certificates"
    for token, status in (
        ("tayninh", 200),
        ("auditor", 200),
        ("admin", 200),
        ("hanoi", 403),
        ("nobody", 403),
    ):
        assert (await gateway.call("GET", path, token=token)).status == status
    for token, status in (("tayninh", 403), ("auditor", 200), ("admin", 200)):
        for each in ("/v1/certificates", "/v1/certificates/calendar?days=7"):
            assert (await gateway.call("GET", each, token=token)).status == status
    for token in ("auditor", "tayninh"):
        headers = {"Content-Type": PEM}
        answer = await gateway.call("POST", path, token=token, body=certificate_pem("H53"), headers=headers)
        assert (answer.status, answer.json["code"]) == (403, "access.role_missing")


async def test_list_of_all(tmp_path: Path) -> None:
    """Only agencies that have registrations are listed."""
    async with world(tmp_path) as gateway:
        await register(gateway, a_certificate())

        listed = (await gateway.call("GET", "/v1/certificates", token="auditor")).json

        assert [each["code"] for each in listed["agencies"]] == ["H26"]
        assert len(listed["agencies"][0]["registrations"]) == 1


async def test_numbers_of_what_ends(tmp_path: Path) -> None:
    """The gauges count what ends within 7, 30 and 60 days, and what has ended without a successor."""
    async with world(tmp_path) as gateway:
        for name, days in (("a", 5), ("b", 25), ("c", 45), ("d", 300)):
            await register(gateway, a_certificate(name, days=days))
        until = (NOW + 10 * _DAY).isoformat()
        await register(gateway, a_certificate("e"), until=until)

        shown = (await gateway.call("GET", "/metrics", token=None)).body.decode()
        calendar = (await gateway.call("GET", "/v1/certificates/calendar?days=60", token="admin")).json

        for days, count in ((7, 1), (30, 3), (60, 4)):
            assert f'vanthu_certificates_ending{{within_days="{days}"}} {count}.0' in shown
        assert [each["days_left"] for each in calendar["endings"]] == [5, 10, 25, 45]
        assert [each["by_certificate"] for each in calendar["endings"]] == [True, False, True, True]


async def test_bind_certificate(tmp_path: Path) -> None:
    """Once a certificate is registered, it counts and no other, and the binding is an entry."""
    async with world(tmp_path) as gateway:
        other = identity("H53")

        bound = await gateway.post("/v1/agencies/000.00.00.H26/certificates", certificate_pem("H53"), PEM)
        refused = await gateway.send(a_document())
        accepted = await gateway.send(a_document(by=other))

        assert (bound.status, bound.json["code"]) == (201, "H26")
        assert refused.json["code"] == "access.signer_not_bound"
        assert accepted.status == 201
        shown = (await gateway.call("GET", "/v1/agencies/H26")).json
        assert [each["sha256"] for each in shown["certificates"]] == [bound.json["certificate_sha256"]]
        (entry,) = [entry for entry in await gateway.log() if entry.kind is Kind.CERTIFICATE_BOUND]
        assert entry.fields["entity"] == bound.json["entity_id"]


@pytest.mark.parametrize(
    "pem", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\x30\x82"]
)
async def test_what_is_no_certificate(gateway: World, pem: bytes) -> None:
    """A body that holds no certificate is refused."""
    answer = await gateway.post("/v1/agencies/H53/certificates", pem, PEM)

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")


async def test_two_certificates(gateway: World) -> None:
    """One at a time, so that it is clear which one is meant."""
    both = certificate_pem("H53") + identity("H26")[0].public_bytes(Encoding.PEM)

    answer = await gateway.post("/v1/agencies/H53/certificates", both, PEM)

    assert answer.status == 400


async def test_certificate_for_nobody(gateway: World) -> None:
    """A certificate needs an agency."""
    answer = await gateway.post("/v1/agencies/H99/certificates", certificate_pem("H53"), PEM)

    assert (answer.status, answer.json["code"]) == (404, "registry.unknown_code")


async def test_certificate_for_an_agency_that_is_to_come(tmp_path: Path) -> None:
    """An agency whose code is not in force yet bears no certificate yet."""
    async with world(tmp_path) as gateway:
        later = replace(an_agency("H26.9"), valid_from=NOW + timedelta(days=1))
        await gateway.store.registry.load_agencies(
            [*home_agencies(), later], actor="test", source_sha256="00" * 32
        )

        answer = await gateway.post("/v1/agencies/H26.9/certificates", certificate_pem("H53"), PEM)

        assert (answer.status, answer.json["code"]) == (404, "registry.code_not_yet_valid")
