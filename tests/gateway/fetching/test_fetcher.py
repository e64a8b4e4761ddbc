"""Lists and answers come from the web servers of authorities that are listed, at the right time, and never get worse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from certs.indication import Indication, SubIndication
from certs.issue import Authority
from certs.revocation import Revocation
from certs.verdict import Verdict
from gateway.fetching.fetcher import Fetcher, fetching
from gateway.fetching.hosts import Hosts
from gateway.fetching.timing import ASKED, LATEST, SOONEST, after_failure, after_success
from gateway.revocation_stock import FolderStock
from gateway.settings import Settings, SettingsError
from gateway.telemetry import Metrics
from tests.support import pki
from tests.support.crl import crl, revoked
from tests.support.ocsp import REVOKED, answer
from tests.support.signing import Recipe, forge, judge
from tests.support.store_samples import Clock
from tests.support.trust_folder import FolderTrust
from tests.support.web import AuthorityServer, Served, authority_server

AT, DAY = pki.AT, pki.DAY
ROOT = pki.root()
HOUR = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class Scene:
    """A trust folder, a fetcher for it, and the web server of the root and of the authority below it."""

    folder: Path
    server: AuthorityServer
    trust: FolderTrust
    stock: FolderStock
    clock: Clock
    metrics: Metrics
    below: Authority

    def fetcher(self, hosts: str | None = None) -> Fetcher:
        """Return a fetcher, by default one that may call the server."""
        return Fetcher(
            hosts=Hosts.parse(f"127.0.0.1:{self.server.port}" if hosts is None else hosts),
            trust=self.trust,
            stock=self.stock,
            clock=self.clock,
            metrics=self.metrics,
        )

    def leaf(self, *, lists: bool = True, responder: bool = False) -> x509.Certificate:
        """Return a signer's certificate that says where to ask about it."""
        found: list[tuple[x509.ExtensionType, bool]] = []
        if lists:
            found.append((points(self.server.url("/below.crl")), False))
        if responder:
            location = x509.UniformResourceIdentifier(self.server.url("/ocsp"))
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, location)
            found.append((x509.AuthorityInformationAccess([access]), False))
        return pki.certificate(self.below, extensions=tuple(found))

    def judged(self, leaf: x509.Certificate) -> Verdict:
        """Take over what the folder holds, and judge a document under it."""
        self.trust.look()
        return judge(forge(Recipe(identity=(leaf, pki.key()))), trust=self.trust.trust(), at=self.clock())


def points(*urls: str) -> x509.CRLDistributionPoints:
    """Return distribution points."""
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None) for url in urls]
    )


def listed(ca: Authority, *entries: x509.RevokedCertificate, number: int = 1, **changes: timedelta) -> Served:
    """Return a list with a number, as it is served."""
    begin = AT + changes.get("after", timedelta())
    extensions = ((x509.CRLNumber(number), False),)
    data = crl(ca, *entries, this_update=begin, next_update=begin + DAY, extensions=extensions)
    return Served(body=data, etag=f'"{number}"')


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """Run the server, with a good list of both authorities."""
    async with authority_server() as server:
        key = pki.key()
        certificate = pki.certificate(
            ROOT,
            subject="Dưới gốc",
            public_key=key,
            is_authority=True,
            key_usage=pki.usage("key_cert_sign", "crl_sign"),
            extensions=((points(server.url("/root.crl"), "ldap://x/", "http://elsewhere.vn/a.crl"), False),),
        )
        below = Authority(certificate=certificate, key=key)
        bundle = b"".join(each.public_bytes(Encoding.PEM) for each in (ROOT.certificate, certificate))
        (tmp_path / "roots.pem").write_bytes(bundle)
        server.pages = {"/root.crl": listed(ROOT), "/below.crl": listed(below)}
        yield Scene(
            folder=tmp_path,
            server=server,
            trust=FolderTrust(tmp_path, revocation=Revocation.REQUIRE),
            stock=FolderStock(tmp_path),
            clock=Clock(AT + HOUR),
            metrics=Metrics(),
            below=below,
        )


async def test_lists_of_held_authorities(scene: Scene) -> None:
    """What the held certificates point to is fetched at once, from listed hosts only, and is in force at the next reading."""
    await scene.fetcher().look()
    assert [path for _, path, _ in scene.server.asked] == ["/root.crl"]
    scene.trust.look()
    (held,) = scene.trust.trust().lists
    assert held.issuer == ROOT.certificate.subject.rfc4514_string()
    assert await scene.stock.sources() == {held.sha256: scene.server.url("/root.crl")}


async def test_nothing_without_a_listed_host(scene: Scene) -> None:
    """Without a list nobody is called; a host that is not listed is not."""
    for hosts in ("", "crl.example.vn"):
        fetcher = scene.fetcher(hosts)
        scene.judged(scene.leaf())
        await fetcher.look()
    assert scene.server.asked == []
    assert list(scene.folder.glob("kept-*")) == []


async def test_what_a_judgement_lacks(scene: Scene) -> None:
    """A document that could not be decided for want of a list is decided after the next look; nobody waits for the next day."""
    fetcher, leaf = scene.fetcher(), scene.leaf()
    await fetcher.look()
    assert scene.judged(leaf).sub_indication is SubIndication.TRY_LATER
    assert scene.server.count("/below.crl") == 0
    await fetcher.look()
    assert scene.server.count("/below.crl") == 1
    assert scene.judged(leaf).indication is Indication.TOTAL_PASSED


async def test_what_was_noted_while_the_trust_changed(scene: Scene) -> None:
    """What a judgement under the trust before lacked is not lost."""
    fetcher, leaf = scene.fetcher(), scene.leaf()
    await fetcher.look()
    before = scene.trust.trust()
    scene.trust.look()
    judge(forge(Recipe(identity=(leaf, pki.key()))), trust=before, at=scene.clock())
    await fetcher.look()
    assert scene.server.count("/below.crl") == 1


async def test_answers_of_responders(scene: Scene) -> None:
    """A responder is asked about the very certificate, and believed as far as its answer verifies."""
    fetcher, leaf = scene.fetcher(), scene.leaf(lists=False, responder=True)
    await fetcher.look()
    scene.server.pages["/ocsp"] = Served(body=answer(scene.below, leaf, this_update=AT))
    assert scene.judged(leaf).sub_indication is SubIndication.TRY_LATER
    await fetcher.look()
    question = ocsp.load_der_ocsp_request(scene.server.asked[-1][2])
    assert question.serial_number == leaf.serial_number
    assert scene.judged(leaf).indication is Indication.TOTAL_PASSED

    scene.server.pages["/ocsp"] = Served(body=answer(scene.below, leaf, REVOKED, this_update=AT + DAY))
    scene.clock.now += 3 * DAY
    await fetcher.look()
    assert scene.judged(leaf).sub_indication in {
        SubIndication.REVOKED_NO_POE,
        SubIndication.REVOKED_CA_NO_POE,
    }


async def test_half_of_its_life(scene: Scene) -> None:
    """A list is fetched again after half of its life and not before; the server need not send what has not changed."""
    fetcher = scene.fetcher()
    await fetcher.look()
    scene.clock.now += 10 * HOUR
    await fetcher.look()
    assert scene.server.count("/root.crl") == 1
    scene.clock.now += 5 * HOUR
    await fetcher.look()
    assert scene.server.count("/root.crl") == 2
    scene.clock.now += HOUR
    scene.server.pages["/root.crl"] = listed(ROOT, number=2, after=16 * HOUR)
    await fetcher.look()
    assert scene.server.count("/root.crl") == 3
    scene.trust.look()
    assert [each.number for each in scene.trust.trust().lists] == [2]


@pytest.mark.parametrize(
    "bad",
    [
        Served(body=crl(pki.stranger())),
        Served(body=b"<html>"),
        Served(status=500),
        listed(ROOT, number=0, after=HOUR),
        listed(ROOT, number=5, after=-HOUR),
    ],
    ids=["forged", "html", "500", "smaller number", "older"],
)
async def test_what_is_bad_replaces_nothing(scene: Scene, bad: Served) -> None:
    """Whatever comes instead of a newer list: the one that is held stays, the error is kept, and it is tried again."""
    scene.server.pages["/root.crl"] = listed(ROOT, revoked(scene.below.certificate))
    fetcher = scene.fetcher()
    await fetcher.look()
    bad.etag = '"other"'
    scene.server.pages["/root.crl"] = bad
    scene.clock.now += 15 * HOUR
    await fetcher.look()
    (origin,) = [each for each in await scene.stock.origins() if each.url.endswith("/root.crl")]
    assert (origin.failures, bool(origin.error)) == (1, True)
    scene.trust.look()
    (held,) = scene.trust.trust().lists
    assert scene.below.certificate.serial_number in held.entries

    scene.server.pages["/root.crl"] = listed(ROOT, number=9, after=12 * HOUR)
    await fetcher.look()
    assert scene.server.count("/root.crl") == 2
    scene.clock.now += 2 * SOONEST
    await fetcher.look()
    (origin,) = [each for each in await scene.stock.origins() if each.url.endswith("/root.crl")]
    assert (origin.failures, origin.error) == (0, "")


async def test_not_too_often(scene: Scene) -> None:
    """However many documents lack a list that nobody has, its address is called now and then only."""
    scene.server.pages["/below.crl"] = Served(status=404)
    fetcher, leaf = scene.fetcher(), scene.leaf()
    for _ in range(10):
        scene.judged(leaf)
        await fetcher.look()
    assert scene.server.count("/below.crl") == 1
    scene.clock.now += ASKED
    scene.judged(leaf)
    await fetcher.look()
    assert scene.server.count("/below.crl") == 2


async def test_one_process_at_a_time(scene: Scene) -> None:
    """While another process fetches, this one waits, and forgets nothing."""
    fetcher = scene.fetcher()
    async with FolderStock(scene.folder).turn() as is_theirs:
        assert is_theirs
        await fetcher.look()
        assert scene.server.asked == []
    await fetcher.look()
    assert scene.server.count("/root.crl") == 1


async def test_after_a_restart(scene: Scene) -> None:
    """What was fetched before is fetched again by the next process, and what nobody wants any more is forgotten."""
    first, leaf = scene.fetcher(), scene.leaf()
    scene.judged(leaf)
    await first.look()
    assert scene.server.count("/below.crl") == 1
    scene.clock.now += 16 * HOUR
    await scene.fetcher().look()
    assert scene.server.count("/below.crl") == 2
    scene.clock.now += 200 * DAY
    await scene.fetcher().look()
    assert scene.server.count("/below.crl") == 2
    assert [each.url for each in await scene.stock.origins()] == [scene.server.url("/root.crl")]


async def test_clock_that_was_put_back(scene: Scene) -> None:
    """A clock that was wrong for a while does not keep lists from being fetched."""
    scene.clock.now += 100 * DAY
    await scene.fetcher().look()
    scene.clock.now += -100 * DAY
    await scene.fetcher().look()
    assert scene.server.count("/root.crl") == 2


async def test_stale_lists_are_told_once(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """Each list that is out of date is warned of once, also where nothing is fetched."""
    await scene.fetcher().look()
    scene.trust.look()
    scene.clock.now += 3 * DAY
    fetcher = scene.fetcher("")
    for _ in range(3):
        await fetcher.look()
    assert capsys.readouterr().out.count("revocation_list_stale") == 1


def test_hosts_that_are_none() -> None:
    """A setting that is no list of hosts is refused at the start."""
    stock = FolderStock(Path())
    settings = Settings(revocation_hosts="http://crl.example.vn/")
    with pytest.raises(SettingsError, match="VANTHU_REVOCATION_HOSTS"):
        fetching(settings, trust=None, stock=stock, clock=Clock(AT), metrics=Metrics())  # type: ignore[arg-type]  # never used


def test_times() -> None:
    """Half of a life and a little more; patience where it fails; never less than a minute."""
    due = after_success(AT, AT + DAY, now=AT)
    assert AT + 12 * HOUR <= due <= AT + 15 * HOUR
    for now in (AT + 13 * HOUR + DAY, AT + DAY - SOONEST, AT + 15 * HOUR):
        assert now + SOONEST <= after_success(AT, AT + DAY, now=now) <= now + LATEST
    assert after_success(AT, AT, now=AT) == AT + SOONEST
    pauses = [after_failure(failures, now=AT) - AT for failures in (1, 2, 50)]
    assert SOONEST * 0.8 <= pauses[0] <= SOONEST * 1.2
    assert SOONEST * 1.6 <= pauses[1] <= SOONEST * 2.4
    assert pauses[2] <= LATEST * 1.2
