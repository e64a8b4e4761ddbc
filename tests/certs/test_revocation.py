"""Revocation: which lists are taken in, what they say of a certificate, and what a signature's verdict makes of it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given
from hypothesis import strategies as st

from certs.chain import choose_path
from certs.errors import BadTrustBundleError
from certs.errors_revocation import BadRevocationListError
from certs.indication import Indication, SubIndication
from certs.issue import Authority, new_root
from certs.revocation import SKEW, Revocation, RevocationData, RevocationList, Standing, Status, status_of
from certs.revocation_list import authority_of
from certs.rules import RevocationGap, RevocationReason
from certs.trust import Trust
from certs.verdict import Verdict
from tests.support import pki
from tests.support.crl import crl, read, revoked, scope
from tests.support.signing import Recipe, codes, forge, judge, refused

AT, DAY = pki.AT, pki.DAY
ROOT = pki.root()
SIGNER, SIGNER_KEY = pki.signer()
SIGNED = forge()
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
POINT = x509.UniformResourceIdentifier("http://crl.example.vn/1.crl")
OTHER_POINT = x509.UniformResourceIdentifier("http://crl.example.vn/2.crl")


def status(*lists: RevocationList, at: datetime = AT, of: x509.Certificate = SIGNER) -> Status:
    """Return the status of a certificate that the root issued."""
    return status_of(of, issuer=ROOT.certificate, held=RevocationData(lists=lists), at=at)


def trusting(*lists: bytes, revocation: Revocation = Revocation.SOFT) -> Trust:
    """Return a trust in the root with its lists."""
    return Trust.from_pem(ROOT.certificate.public_bytes(Encoding.PEM), lists=lists, revocation=revocation)


# What a list says.


def test_good() -> None:
    """Whoever is not on a list in force is good, and the list is named."""
    taken = read(crl(ROOT))

    assert status(taken) == Status(standing=Standing.GOOD, source=taken)


def test_revoked() -> None:
    """Whoever is on it is revoked from that very moment, with its reason, and was good before."""
    since = AT - 2 * DAY
    taken = read(crl(ROOT, revoked(SIGNER, since=since, reason=x509.ReasonFlags.key_compromise)))
    found = status(taken)

    assert found.standing is Standing.REVOKED
    assert found.entry is not None
    assert (found.entry.since, found.entry.reason) == (since, RevocationReason.KEY_COMPROMISE)
    assert status(taken, of=pki.certificate(ROOT)).standing is Standing.GOOD


@pytest.mark.parametrize(
    ("at", "standing"),
    [
        (AT - timedelta(seconds=1), Standing.GOOD),
        (AT, Standing.REVOKED),
        (AT + timedelta(seconds=1), Standing.REVOKED),
    ],
)
def test_date_of_revocation(at: datetime, standing: Standing) -> None:
    """A date still to come is a note; from that second on the certificate is revoked."""
    found = status(read(crl(ROOT, revoked(SIGNER, since=AT))), at=at)

    assert found.standing is standing
    assert found.entry is not None
    assert found.entry.since == AT


def test_reasons() -> None:
    """Every reason of X.509 is known by its name; hold is revocation, and what lifts one in a delta list says nothing."""
    for reason in x509.ReasonFlags:
        found = status(read(crl(ROOT, revoked(SIGNER, reason=reason))))
        if reason is x509.ReasonFlags.remove_from_crl:
            assert found.standing is Standing.GOOD
            continue
        assert found.standing is Standing.REVOKED
        assert found.entry is not None
        assert found.entry.reason.value == reason.name


def test_twice_in_one_list() -> None:
    """Of two entries for one certificate the earlier date counts, in whatever order they stand."""
    entries = [revoked(SIGNER, since=AT - DAY), revoked(SIGNER, since=AT + DAY)]
    for order in (entries, entries[::-1]):
        assert status(read(crl(ROOT, *order))).standing is Standing.REVOKED


def test_missing() -> None:
    """Without a list of its issuer nothing is known."""
    assert status() == Status(standing=Standing.UNKNOWN, gap=RevocationGap.MISSING)


def test_stale() -> None:
    """A list past its next update makes nobody good, from the next second on; whom it names is revoked all the same."""
    due = AT - DAY
    taken = read(crl(ROOT, this_update=AT - 8 * DAY, next_update=due))

    assert status(taken, at=due).standing is Standing.GOOD
    assert status(taken, at=due + timedelta(seconds=1)).gap is RevocationGap.STALE
    naming = read(crl(ROOT, revoked(SIGNER), this_update=AT - 8 * DAY, next_update=due))
    assert status(naming).standing is Standing.REVOKED


def test_note_on_a_stale_list() -> None:
    """A revocation announced by a list that is out of date makes nobody good before its date."""
    taken = read(crl(ROOT, revoked(SIGNER, since=AT + DAY), this_update=AT - 8 * DAY, next_update=AT - DAY))

    assert status(taken).gap is RevocationGap.STALE


def test_future() -> None:
    """A list issued later says nothing good yet, but for a little difference of clocks; whom it names is revoked."""
    assert status(read(crl(ROOT, this_update=AT + SKEW))).standing is Standing.GOOD
    assert status(read(crl(ROOT, this_update=AT + DAY))).gap is RevocationGap.NOT_YET
    assert status(read(crl(ROOT, revoked(SIGNER), this_update=AT + DAY))).standing is Standing.REVOKED
    later = read(crl(ROOT, revoked(SIGNER, since=AT + DAY), this_update=AT + DAY))
    assert status(later).gap is RevocationGap.NOT_YET


def test_newest_counts() -> None:
    """A newer list replaces the one before it: a hold may be lifted."""
    old = read(crl(ROOT, revoked(SIGNER, reason=x509.ReasonFlags.certificate_hold), this_update=AT - 2 * DAY))
    new = read(crl(ROOT, this_update=AT - DAY))

    assert status(old).standing is Standing.REVOKED
    for order in ((old, new), (new, old)):
        assert status(*order) == Status(standing=Standing.GOOD, source=new)
    # Before the newer one was issued the older one counts.
    assert status(old, new, at=AT - DAY - SKEW - timedelta(seconds=1)).standing is Standing.REVOKED


def test_newest_counts_by_number() -> None:
    """Of two lists from one second the higher number is the newer."""
    first = read(crl(ROOT, revoked(SIGNER), extensions=((x509.CRLNumber(7), False),)))
    second = read(crl(ROOT, extensions=((x509.CRLNumber(8), False),)))

    assert (first.number, second.number) == (7, 8)
    for order in ((first, second), (second, first)):
        assert status(*order).source == second


# Scopes.


def test_scopes() -> None:
    """A list for users says nothing of authorities by not naming them, and the reverse."""
    users = read(crl(ROOT, extensions=scope(only_contains_user_certs=True)))
    authorities = read(crl(ROOT, extensions=scope(only_contains_ca_certs=True)))
    authority = pki.authority().certificate

    assert status(users).standing is Standing.GOOD
    assert status(users, of=authority).gap is RevocationGap.MISSING
    assert status(authorities).gap is RevocationGap.MISSING
    assert status(authorities, of=authority).standing is Standing.GOOD
    assert status(users, authorities).source == users
    assert status(users, authorities, of=authority).source == authorities


def test_newer_list_of_another_scope_replaces_nothing() -> None:
    """A newer list about authorities does not make a revoked user good; nor does it hide a list in force."""
    users = crl(
        ROOT, revoked(SIGNER), this_update=AT - 2 * DAY, extensions=scope(only_contains_user_certs=True)
    )
    newer = read(crl(ROOT, extensions=scope(only_contains_ca_certs=True)))

    assert status(read(users), newer).standing is Standing.REVOKED


def test_distribution_points() -> None:
    """A list of one distribution point says nothing of certificates that do not name it."""
    taken = read(crl(ROOT, extensions=scope(full_name=[POINT])))

    def certificate(*points: x509.DistributionPoint) -> x509.Certificate:
        return pki.certificate(ROOT, extensions=((x509.CRLDistributionPoints(points), False),))

    def point(
        name: x509.UniformResourceIdentifier,
        *,
        reasons: frozenset[x509.ReasonFlags] | None = None,
        issuer: list[x509.GeneralName] | None = None,
    ) -> x509.DistributionPoint:
        return x509.DistributionPoint([name], None, reasons, issuer)

    some = frozenset({x509.ReasonFlags.key_compromise})
    assert status(taken, of=certificate(point(POINT))).standing is Standing.GOOD
    assert status(taken, of=certificate(point(OTHER_POINT), point(POINT))).standing is Standing.GOOD
    assert status(taken, of=certificate(point(OTHER_POINT))).gap is RevocationGap.MISSING
    assert status(taken, of=certificate(point(POINT, reasons=some))).gap is RevocationGap.MISSING
    other = [x509.DirectoryName(pki.authority().certificate.subject)]
    assert status(taken, of=certificate(point(POINT, issuer=list(other)))).gap is RevocationGap.MISSING
    assert status(taken).gap is RevocationGap.MISSING


# What is not taken in.

REFUSED = {
    "forged": (crl(Authority(certificate=ROOT.certificate, key=pki.key())), "not signed by"),
    "same name, other key": (crl(pki.stranger()), "not signed by"),
    "issuer not held": (crl(pki.authority()), "no certificate of CN=Tổ chức chứng thực,C=VN is held"),
    "weak hash": (crl(ROOT, hash_=hashes.SHA224()), "1.2.840.10045.4.3.1, which is not allowed"),
    "delta without a number": (
        crl(ROOT, extensions=((x509.DeltaCRLIndicator(1), True),)),
        "delta list without a number",
    ),
    "attribute certificates": (
        crl(ROOT, extensions=scope(only_contains_attribute_certs=True)),
        "attribute certificates only",
    ),
    "unknown critical extension": (crl(ROOT, extensions=((UNKNOWN, True),)), "critical extension 1.2.3.4"),
    "unknown critical extension of an entry": (
        crl(ROOT, revoked(SIGNER, extensions=((UNKNOWN, True),))),
        "critical extension 1.2.3.4",
    ),
    "extension that cannot be read": (
        crl(ROOT, extensions=((x509.UnrecognizedExtension(x509.CRLNumber.oid, b"\x30\x00"), False),)),
        "parsing",
    ),
    "cut off": (crl(ROOT)[:-1], "parsing"),
    "junk": (b"junk", "neither PEM nor DER"),
    "empty": (b"", "neither PEM nor DER"),
    "certificate": (ROOT.certificate.public_bytes(Encoding.DER), "parsing"),
    "broken PEM": (b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "parsing"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_lists(kind: str) -> None:
    """A list that cannot be verified, or does not say all, is refused with the reason, as a broken bundle is."""
    data, reason = REFUSED[kind]
    with pytest.raises(BadRevocationListError, match=reason):
        read(data)
    with pytest.raises(BadTrustBundleError, match=reason):
        trusting(data)


def test_unknown_extension_that_need_not_be_understood() -> None:
    """What is not critical may be ignored."""
    taken = read(crl(ROOT, revoked(SIGNER, extensions=((UNKNOWN, False),)), extensions=((UNKNOWN, False),)))

    assert status(taken).standing is Standing.REVOKED


LISTED = crl(ROOT, revoked(SIGNER), extensions=scope(full_name=[POINT]))


@given(place=st.integers(0, len(LISTED) - 1), octet=st.integers(0, 255))
@example(place=LISTED.index(bytes.fromhex("0603550406")), octet=0)  # the issuer's name is read late
def test_damaged_list(place: int, octet: int) -> None:
    """Whatever becomes of an octet: the list is refused and nothing else happens."""
    damaged = LISTED[:place] + bytes([octet]) + LISTED[place + 1 :]
    if damaged == LISTED:
        assert read(damaged).entries
        return
    with pytest.raises(BadRevocationListError):
        read(damaged)


def test_extensions_that_cannot_be_read() -> None:
    """A certificate whose distribution points cannot be read is on no list that is limited to some."""
    broken = x509.UnrecognizedExtension(x509.CRLDistributionPoints.oid, b"\x30\x00\x00")
    certificate = pki.certificate(ROOT, extensions=((broken, False),))

    assert status(read(LISTED), of=certificate).gap is RevocationGap.MISSING
    assert status(read(crl(ROOT)), of=certificate).standing is Standing.GOOD


def test_changed_list() -> None:
    """Not a single bit inside a list can be changed: another serial number would free a revoked certificate."""
    data = crl(ROOT, revoked(SIGNER))
    serial = SIGNER.serial_number.to_bytes((SIGNER.serial_number.bit_length() + 7) // 8)
    place = data.index(serial) + len(serial) - 1
    with pytest.raises(BadRevocationListError, match="not signed by"):
        read(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])


def test_issuer_that_may_not_sign_lists() -> None:
    """KeyUsage without cRLSign refuses; no KeyUsage at all does not; another certificate of the same key may allow it."""
    key, name = pki.key(), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Trung gian")])

    def authority(*usages: str) -> x509.Certificate:
        key_usage = pki.usage(*usages) if usages else None
        return pki.certificate(ROOT, name=name, public_key=key, is_authority=True, key_usage=key_usage)

    without, allowed, silent = authority("key_cert_sign"), authority("key_cert_sign", "crl_sign"), authority()
    data = crl(Authority(certificate=without, key=key))

    with pytest.raises(BadRevocationListError, match="cRLSign"):
        read(data, without)
    assert read(data, silent).issuer == "CN=Trung gian"
    assert read(data, without, allowed) == read(data, silent)


def test_weak_key() -> None:
    """A list is worth no more than the key that signed it."""
    key = pki.small_rsa_key()
    certificate = pki.certificate(ROOT, public_key=key, is_authority=True, key_usage=pki.usage("crl_sign"))

    with pytest.raises(BadRevocationListError, match="weak key, RSA 1024"):
        read(crl(Authority(certificate=certificate, key=key)), certificate)


def test_pss() -> None:
    """RSASSA-PSS counts as it does for documents, with the hashes that are allowed."""
    key = rsa.generate_private_key(65537, 2048)
    root = pki.certificate(ROOT, public_key=key, is_authority=True, key_usage=pki.usage("crl_sign"))

    def signed(hash_: hashes.HashAlgorithm) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(root.subject).last_update(AT)
        scheme = padding.PSS(padding.MGF1(hash_), hash_.digest_size)
        crl = builder.next_update(AT + DAY).sign(key, hash_, rsa_padding=scheme)  # type: ignore[arg-type]  # SHA-224 too
        return crl.public_bytes(Encoding.DER)

    assert read(signed(hashes.SHA256()), root).next_update == AT + DAY
    with pytest.raises(BadRevocationListError, match="not allowed"):
        read(signed(hashes.SHA224()), root)


def test_files() -> None:
    """DER and PEM say the same; a PEM file may hold several lists and text around them."""
    one, two = crl(ROOT), crl(ROOT, revoked(SIGNER), this_update=AT)
    pems = [
        crl(ROOT, encoding=Encoding.PEM),
        crl(ROOT, revoked(SIGNER), this_update=AT, encoding=Encoding.PEM),
    ]
    # ECDSA signs no list twice alike.
    file = b"0. Certificate Revocation List\n" + pems[0] + b"\n\n" + pems[1]
    taken = RevocationList.read(file, issuers=(ROOT.certificate,))

    assert [each.this_update for each in taken] == [AT - DAY, AT]
    assert [len(each.entries) for each in taken] == [len(read(one).entries), len(read(two).entries)] == [0, 1]


def test_lists_of_two_roots_with_one_name() -> None:
    """Where two anchors share a name, neither's list speaks for the other's certificates."""
    stranger = pki.stranger()
    trust = Trust.from_pem(
        ROOT.certificate.public_bytes(Encoding.PEM),
        stranger.certificate.public_bytes(Encoding.PEM),
        lists=[crl(stranger, revoked(SIGNER))],
    )
    verdict = judge(SIGNED, trust=trust)

    assert verdict.indication is Indication.TOTAL_PASSED
    assert [each.gap for each in verdict.revocation] == [RevocationGap.MISSING]


def test_authority_is_name_and_key() -> None:
    """Neither half alone makes two certificates those of one authority; a renewed certificate is its own."""
    name = ROOT.certificate.subject
    renewed = pki.certificate(ROOT, name=name, public_key=ROOT.key, is_authority=True)
    renamed = pki.certificate(ROOT, public_key=ROOT.key, is_authority=True)

    assert authority_of(renewed) == authority_of(ROOT.certificate)
    assert authority_of(renamed) != authority_of(ROOT.certificate)
    assert authority_of(pki.stranger().certificate) != authority_of(ROOT.certificate)


def der(tag: int, *content: bytes) -> bytes:
    """Encode a DER value of less than 64 KiB."""
    body = b"".join(content)
    return bytes([tag, 0x82]) + len(body).to_bytes(2) + body if len(body) > 255 else _short(tag, body)


def _short(tag: int, body: bytes) -> bytes:
    return bytes([tag, *([0x81] if len(body) > 127 else []), len(body)]) + body


def test_list_without_end() -> None:
    """A list that names no next update would be good for ever."""
    version = der(0x02, b"\x01")
    algorithm = der(0x30, der(0x06, bytes.fromhex("2a8648ce3d040302")))  # ecdsa-with-SHA256
    moments = [der(0x17, b"260630000000Z"), der(0x17, b"260707000000Z")]

    def signed(*updates: bytes) -> bytes:
        content = der(0x30, version, algorithm, ROOT.certificate.subject.public_bytes(), *updates)
        value = sign_der(ROOT, content)
        return der(0x30, content, algorithm, der(0x03, b"\x00", value))

    assert status(read(signed(*moments))).standing is Standing.GOOD
    with pytest.raises(BadRevocationListError, match="when the next one is due"):
        read(signed(moments[0]))


def sign_der(authority: Authority, content: bytes) -> bytes:
    """Sign as X.509 does with ECDSA."""
    assert isinstance(authority.key, ec.EllipticCurvePrivateKey)
    return authority.key.sign(content, ec.ECDSA(hashes.SHA256()))


def test_many_entries() -> None:
    """A hundred thousand entries are indexed once; after that a look costs next to nothing."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(ROOT.certificate.subject)
    builder = builder.last_update(AT - DAY).next_update(AT + DAY)
    entry = x509.RevokedCertificateBuilder().revocation_date(AT - DAY)
    # The library's own builder copies its list for each entry.
    builder._revoked_certificates = [entry.serial_number(number).build() for number in range(1, 100_001)]
    taken = read(builder.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER))

    assert len(taken.entries) == 100_000
    begun = time.process_time()
    for _ in range(1000):
        assert status(taken).standing is Standing.GOOD
    assert time.process_time() - begun < 1
    assert taken.entries[100_000].reason is RevocationReason.UNSPECIFIED


# What a verdict makes of it.


def test_verdict_good() -> None:
    """A good certificate passes in every mode, and the verdict names the list that says so."""
    for revocation in Revocation:
        trust = trusting(crl(ROOT), revocation=revocation)
        verdict = judge(SIGNED, trust=trust)

        assert verdict.indication is Indication.TOTAL_PASSED
        if revocation is Revocation.OFF:
            assert "revocation" not in verdict.facts()
            continue
        assert verdict.facts()["revocation"] == [
            {
                "certificate_sha256": verdict.chain[0],
                "status": "good",
                "source": "crl",
                "source_sha256": trust.lists[0].sha256,
                "this_update": "2026-06-30T00:00:00Z",
                "next_update": "2026-07-07T00:00:00Z",
            }
        ]


def test_verdict_revoked() -> None:
    """A revoked signer is refused, with since and why; only who switched revocation off does not hear of it."""
    data = crl(ROOT, revoked(SIGNER, reason=x509.ReasonFlags.key_compromise))
    for revocation in (Revocation.REQUIRE, Revocation.SOFT):
        verdict = judge(SIGNED, trust=trusting(data, revocation=revocation))

        refused(verdict, "certificate_revoked")
        assert verdict.indication is Indication.INDETERMINATE
        assert verdict.sub_indication is SubIndication.REVOKED_NO_POE
        (error,) = verdict.errors
        assert not error.retry
        assert error.facts["since"] == "2026-06-29T00:00:00+00:00"
        assert error.facts["reason"] == "key_compromise"
        assert verdict.signer is not None
        facts = verdict.facts()["revocation"]
        assert isinstance(facts, list)
        assert {"status": "revoked", "reason": "key_compromise"}.items() <= dict(facts[0]).items()  # type: ignore[arg-type]  # dicts
    off = judge(SIGNED, trust=trusting(data, revocation=Revocation.OFF))
    assert off.indication is Indication.TOTAL_PASSED


@pytest.mark.parametrize(
    ("lists", "gap"),
    [
        ((), RevocationGap.MISSING),
        ((crl(ROOT, this_update=AT - 8 * DAY),), RevocationGap.STALE),
        ((crl(ROOT, this_update=AT + DAY),), RevocationGap.NOT_YET),
    ],
)
def test_verdict_unknown(lists: tuple[bytes, ...], gap: RevocationGap) -> None:
    """What is not known is no pass where it must be known, and a pass that says so where it need not."""
    verdict = judge(SIGNED, trust=trusting(*lists, revocation=Revocation.REQUIRE))
    refused(verdict, "revocation_unknown")
    assert verdict.sub_indication is SubIndication.TRY_LATER
    assert verdict.errors[0].retry
    assert verdict.errors[0].facts["gap"] == gap.value

    soft = judge(SIGNED, trust=trusting(*lists))
    assert soft.indication is Indication.TOTAL_PASSED
    assert [each.gap for each in soft.revocation] == [gap]
    assert judge(SIGNED, trust=trusting(*lists, revocation=Revocation.OFF)).revocation == ()


def test_changed_document_is_refused_whatever_list_is_missing() -> None:
    """To come again later would not help a document that was changed."""
    for trust in (
        trusting(revocation=Revocation.REQUIRE),
        trusting(crl(ROOT, revoked(SIGNER))),
    ):
        verdict = judge(SIGNED.replace(b"H01", b"H02"), trust=trust)
        assert codes(verdict) == ["digest_mismatch"]
        assert verdict.revocation


def below_authority() -> bytes:
    """Return a document signed below the intermediate authority."""
    leaf = pki.certificate(pki.authority())
    return forge(Recipe(identity=(leaf, pki.key()), certificates=[leaf, pki.authority().certificate]))


def test_revoked_authority() -> None:
    """Below a revoked authority nobody signs, although its own list is clean."""
    authority = pki.authority()
    bundle = [each.certificate.public_bytes(Encoding.PEM) for each in (ROOT, authority)]
    xml = below_authority()

    def under(*lists: bytes, revocation: Revocation = Revocation.REQUIRE) -> Verdict:
        return judge(xml, trust=Trust.from_pem(*bundle, lists=lists, revocation=revocation))

    assert under(crl(ROOT), crl(authority)).indication is Indication.TOTAL_PASSED
    for revocation in (Revocation.REQUIRE, Revocation.SOFT):
        verdict = under(crl(ROOT, revoked(authority.certificate)), crl(authority), revocation=revocation)
        refused(verdict, "authority_revoked")
        assert verdict.sub_indication is SubIndication.REVOKED_CA_NO_POE
    # Unknown below, revoked above: it is known to be bad.
    refused(under(crl(ROOT, revoked(authority.certificate))), "authority_revoked")
    refused(under(crl(authority)), "revocation_unknown")
    refused(under(crl(ROOT)), "revocation_unknown")


def test_anchor_is_not_looked_up() -> None:
    """An anchor is trusted because it is installed; its own list cannot take that back."""
    trust = trusting(crl(ROOT, revoked(ROOT.certificate)), revocation=Revocation.REQUIRE)

    assert judge(SIGNED, trust=trust).indication is Indication.TOTAL_PASSED


# Several certificates with one key.


def test_another_certificate_of_the_key() -> None:
    """A revoked certificate gives way only to one with the same key that is good by itself."""
    old, renewed = pki.certificate(ROOT), pki.certificate(ROOT, not_before=AT - DAY)
    elsewhere = new_root("Gốc khác", AT - pki.YEAR)
    unlisted = pki.certificate(elsewhere, not_before=AT - timedelta(hours=1))
    both = tuple(each.certificate.public_bytes(Encoding.PEM) for each in (ROOT, elsewhere))

    def chosen(*signers: x509.Certificate, lists: tuple[bytes, ...]) -> x509.Certificate:
        trust = Trust.from_pem(*both, lists=lists)
        found = {choose_path(order, (), trust=trust, at=AT)[0] for order in (signers, signers[::-1])}
        (certificate,) = found
        return certificate

    assert chosen(old, renewed, lists=(crl(ROOT),)) == renewed
    assert chosen(old, renewed, lists=(crl(ROOT, revoked(renewed)),)) == old
    assert chosen(old, renewed, lists=(crl(ROOT, revoked(old)),)) == renewed
    # Nothing is known of the newest: the revoked one decides, and refuses.
    assert chosen(renewed, unlisted, lists=(crl(ROOT, revoked(renewed)),)) == renewed
    assert chosen(renewed, unlisted, lists=(crl(ROOT),)) == renewed
    assert chosen(renewed, unlisted, lists=()) == unlisted


def test_message_with_two_certificates() -> None:
    """The signature of a key whose certificates are all revoked, or revoked and unknown, does not pass."""
    old, renewed = pki.certificate(ROOT), pki.certificate(ROOT, not_before=AT - DAY)
    xml = forge(Recipe(identity=(old, pki.key()), certificates=[old, renewed]))

    refused(judge(xml, trust=trusting(crl(ROOT, revoked(old), revoked(renewed)))), "certificate_revoked")
    good = judge(xml, trust=trusting(crl(ROOT, revoked(renewed))))
    assert good.indication is Indication.TOTAL_PASSED


# Trust and verdict as values.


def test_version_of_trust() -> None:
    """Other lists, or another mode, are another trust."""
    one, two = crl(ROOT), crl(ROOT, revoked(SIGNER))
    trusts = [
        trusting(),
        trusting(one),
        trusting(two),
        trusting(one, two),
        *(trusting(one, revocation=mode) for mode in (Revocation.REQUIRE, Revocation.OFF)),
    ]

    assert len({trust.version for trust in trusts}) == len(trusts)
    assert trusting(one, two, one).version == trusting(two, one).version
    assert trusting().revocation is Revocation.SOFT


def test_verdict_with_a_revoked_certificate_cannot_pass() -> None:
    """Not even a mistake in the order of checks could let it."""
    good = judge(SIGNED, trust=trusting())
    with pytest.raises(ValueError, match="revoked"):
        replace(good, revocation=(Status(standing=Standing.REVOKED),))


HOURS = st.integers(-400, 400).map(lambda hours: AT + timedelta(hours=hours))
LISTS = st.lists(st.tuples(HOURS, st.integers(1, 300), st.none() | HOURS), max_size=4)


@given(lists=LISTS, at=HOURS)
def test_good_needs_a_list_in_force(lists: list[tuple[datetime, int, datetime | None]], at: datetime) -> None:
    """Whatever lists are held: good needs one in force, and a revocation on the newest list that counts is never lost."""
    held = [
        RevocationList(
            sha256=f"{number:064x}",
            authority=read(EMPTY).authority,
            issuer="",
            this_update=this,
            next_update=this + timedelta(hours=hours),
            number=number,
            scope=read(EMPTY).scope,
            entries=read(crl(ROOT, revoked(SIGNER, since=since))).entries if since else {},
        )
        for number, (this, hours, since) in enumerate(lists)
    ]
    found = status(*held, at=at)

    issued = [each for each in held if each.this_update <= at + SKEW]
    newest = max(issued, key=lambda each: (each.this_update, each.number or 0), default=None)
    if found.standing is Standing.GOOD:
        assert newest is not None
        assert newest.next_update >= at
    named = newest.entries.get(SIGNER.serial_number) if newest is not None else None
    if named is not None and named.since <= at:
        assert found.standing is Standing.REVOKED
    assert (found.gap is None) is (found.standing is not Standing.UNKNOWN)


EMPTY = crl(ROOT)
