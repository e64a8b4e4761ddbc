"""What is held of revocation, over HTTP: shown, handed in, and fetched because a document waits for it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from certs.revocation import Revocation
from routing.log import Kind
from tests.api.world import NOW, World, a_document, identity, root, stranger, world
from tests.gateway.fetching.test_fetcher import points
from tests.support import pki
from tests.support.crl import crl, revoked
from tests.support.ocsp import REVOKED, answer
from tests.support.web import Served, authority_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/v1/trust/revocation"
CRL = "application/pkix-crl"
HOUR = timedelta(hours=1)


def a_list(*entries: x509.RevokedCertificate, number: int = 1, hours: int = 1) -> bytes:
    """Return a list of the trusted root, issued so many hours ago."""
    begin = NOW - hours * HOUR
    extensions = ((x509.CRLNumber(number), False),)
    return crl(root(), *entries, this_update=begin, next_update=begin + 24 * HOUR, extensions=extensions)


async def held(gateway: World, count: int) -> dict[str, Any]:
    """Wait until so many lists and answers are in force, and return what is shown."""
    async with asyncio.timeout(20):
        while True:
            shown = (await gateway.call("GET", PATH, token="admin")).json
            if len(shown["lists"]) + len(shown["answers"]) == count:
                found: dict[str, Any] = shown
                return found
            await asyncio.sleep(0.05)


async def test_handing_in(tmp_path: Path) -> None:
    """What is handed in is verified, in the log, shown, and decides about the next document."""
    async with world(tmp_path, revocation=Revocation.REQUIRE) as gateway:
        assert (await gateway.send(a_document())).status == 202
        taken = await gateway.post(PATH, a_list(number=812), CRL)
        assert taken.status == 201
        (one,) = taken.json["taken"]
        assert (one["type"], one["number"], one["changed"]) == ("crl", "812", True)
        shown = await held(gateway, 1)
        assert shown["lists"] == [
            {
                "issuer": root().certificate.subject.rfc4514_string(),
                "number": "812",
                "is_delta": False,
                "this_update": "2025-07-01T01:00:00.000Z",
                "next_update": "2025-07-02T01:00:00.000Z",
                "age_s": 3600,
                "is_stale": False,
                "is_current": True,
                "entries": 0,
                "sha256": one["sha256"],
                "source": "import",
            }
        ]
        assert (await gateway.send(a_document())).status == 201
        (entry,) = [each for each in await gateway.log() if each.kind is Kind.REVOCATION_LIST_IMPORTED]
        assert (entry.fields["number"], entry.fields["sha256"]) == ("812", one["sha256"])
        assert entry.fields["issuer"] == one["issuer"]
        metrics = (await gateway.call("GET", "/metrics", token=None)).body.decode()
        assert f'sha256="{one["sha256"]}"}} 3600.0' in metrics


async def test_handing_in_an_answer(tmp_path: Path) -> None:
    """An OCSP answer is handed in the same way."""
    async with world(tmp_path) as gateway:
        signer = identity("H26")[0]
        data = answer(
            root(), signer, REVOKED, this_update=NOW - HOUR, next_update=NOW + HOUR, since=NOW - HOUR
        )
        taken = await gateway.post(PATH, data, "application/ocsp-response")
        assert taken.status == 201
        assert taken.json["taken"][0]["serial"] == f"{signer.serial_number:x}"
        shown = await held(gateway, 1)
        (shown_answer,) = shown["answers"]
        assert shown_answer["status"] == "revoked"
        refused = await gateway.send(a_document())
        assert (refused.status, refused.json["code"]) == (422, "certs.certificate_revoked")


async def test_the_same_again_and_older(tmp_path: Path) -> None:
    """The same again changes nothing and is not logged; an older one is refused."""
    async with world(tmp_path) as gateway:
        data = a_list(number=2)
        assert (await gateway.post(PATH, data, CRL)).status == 201
        again = await gateway.post(PATH, data, CRL)
        assert (again.status, again.json["taken"][0]["changed"]) == (200, False)
        older = await gateway.post(PATH, a_list(revoked(identity("H26")[0]), number=1, hours=3), CRL)
        assert (older.status, older.json["code"]) == (409, "trust.older_list")
        entries = [each for each in await gateway.log() if each.kind is Kind.REVOCATION_LIST_IMPORTED]
        assert len(entries) == 1


async def test_bad_lists(tmp_path: Path) -> None:
    """What cannot be verified is refused and leaves no trace."""
    async with world(tmp_path) as gateway:
        for data, code in (
            (crl(stranger()), "certs.bad_revocation_list"),
            (b"junk", "certs.bad_revocation_list"),
            (answer(stranger(), identity("H26")[0]), "certs.bad_ocsp_answer"),
        ):
            refused = await gateway.post(PATH, data, "application/octet-stream")
            assert (refused.status, refused.json["code"]) == (422, code)
        assert (await gateway.post(PATH, b"x", "text/html")).status == 415
        assert (await held(gateway, 0))["origins"] == []
        assert [each for each in await gateway.log() if each.kind is Kind.REVOCATION_LIST_IMPORTED] == []


async def test_who_may(tmp_path: Path) -> None:
    """Administrators and auditors look, only administrators hand in."""
    async with world(tmp_path) as gateway:
        for token, look, hand_in in (("auditor", 200, 403), ("nobody", 403, 403), ("hanoi", 403, 403)):
            assert (await gateway.call("GET", PATH, token=token)).status == look
            sent = await gateway.call("POST", PATH, token=token, body=a_list(), headers={"Content-Type": CRL})
            assert sent.status == hand_in


def _signer_with(url: str) -> pki.Identity:
    """Return a certificate of Hà Nội that says where the list about it is, and its key."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "Ủy ban nhân dân thành phố Hà Nội"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, "H26"),
        ]
    )
    certificate = pki.certificate(
        root(),
        name=name,
        not_before=NOW - 24 * HOUR,
        not_after=NOW + 1000 * HOUR,
        extensions=((points(url), False),),
    )
    return certificate, pki.key()


async def test_fetched_because_a_document_waits(tmp_path: Path) -> None:
    """A document that cannot be decided makes its authority's list be fetched, and is accepted then."""
    async with authority_server() as server:
        server.pages["/ca.crl"] = Served(body=a_list(number=7), etag='"7"')
        hosts = f"127.0.0.1:{server.port}"
        async with world(tmp_path, revocation=Revocation.REQUIRE, revocation_hosts=hosts) as gateway:
            body = a_document(by=_signer_with(server.url("/ca.crl")))
            undecided = await gateway.send(body)
            assert undecided.status == 202
            assert undecided.json["reason"]["code"] == "certs.revocation_unknown"
            shown = await held(gateway, 1)
            assert shown["hosts"] == [hosts]
            (origin,) = shown["origins"]
            assert (origin["url"], origin["failures"]) == (server.url("/ca.crl"), 0)
            await gateway.arrived(undecided.json["id"])
        assert server.count("/ca.crl") == 1
