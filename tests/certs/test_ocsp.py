"""Answers of OCSP responders: which are taken in, and what they say beside revocation lists."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from certs.errors import BadTrustBundleError
from certs.errors_revocation import BadOcspAnswerError
from certs.indication import Indication, SubIndication
from certs.issue import Authority
from certs.ocsp import WITHOUT_NEXT_UPDATE, OcspAnswer
from certs.revocation import SKEW, Revocation, RevocationData, RevocationList, Standing, Status, status_of
from certs.rules import RevocationGap, RevocationReason
from certs.trust import Trust
from tests.support import crl as lists
from tests.support import pki
from tests.support.ocsp import FOR_OCSP, GOOD, REVOKED, UNKNOWN, answer, der, read, responder, response
from tests.support.signing import forge, judge, refused

AT, DAY = pki.AT, pki.DAY
SECOND = timedelta(seconds=1)
ROOT = pki.root()
SIGNER, SIGNER_KEY = pki.signer()
SIGNED = forge()
SHA256 = hashes.SHA256()
HOLD = x509.ReasonFlags.certificate_hold


def status(
    *answers: OcspAnswer,
    held: tuple[RevocationList, ...] = (),
    at: datetime = AT,
    of: x509.Certificate = SIGNER,
) -> Status:
    """Return the status of a certificate that the root issued."""
    evidence = RevocationData(lists=held, responses=answers)
    return status_of(of, issuer=ROOT.certificate, held=evidence, at=at)


# What an answer says.


def test_good() -> None:
    """A certificate of which the authority itself says so is good, until the next update and not a second longer."""
    taken = read(answer(ROOT, SIGNER))

    assert status(taken) == Status(standing=Standing.GOOD, source=taken)
    assert status(taken, at=AT + 2 * DAY).standing is Standing.GOOD
    assert status(taken, at=AT + 2 * DAY + SECOND).gap is RevocationGap.STALE
    assert status(taken, at=AT - DAY - SKEW).standing is Standing.GOOD
    assert status(taken, at=AT - DAY - SKEW - SECOND).gap is RevocationGap.NOT_YET


def test_says_nothing_of_others() -> None:
    """An answer is about one serial number of one authority."""
    taken = read(answer(ROOT, SIGNER))

    assert status(taken, of=pki.certificate(ROOT)).gap is RevocationGap.MISSING
    evidence = RevocationData(responses=(taken,))
    stranger = pki.stranger().certificate
    assert status_of(SIGNER, issuer=stranger, held=evidence, at=AT).gap is RevocationGap.MISSING


def test_revoked() -> None:
    """Since when, and why; also after the next update, for a revocation does not grow old."""
    data = answer(ROOT, SIGNER, REVOKED, since=AT - 2 * DAY, reason=x509.ReasonFlags.key_compromise)
    taken = read(data)
    found = status(taken)

    assert found.standing is Standing.REVOKED
    assert found.entry is not None
    assert (found.entry.since, found.entry.reason) == (AT - 2 * DAY, RevocationReason.KEY_COMPROMISE)
    assert status(taken, at=AT + 90 * DAY).standing is Standing.REVOKED
    # What became known later counts, if it is not later itself.
    assert status(taken, at=AT - 2 * DAY).standing is Standing.REVOKED
    assert status(taken, at=AT - 2 * DAY - SECOND).gap is RevocationGap.NOT_YET


def test_revoked_without_a_reason() -> None:
    """No reason is a reason; what belongs into delta lists is none."""
    for reason in (None, x509.ReasonFlags.remove_from_crl):
        found = status(read(answer(ROOT, SIGNER, REVOKED, reason=reason)))
        assert found.standing is Standing.REVOKED
        assert found.entry is not None
        assert found.entry.reason is RevocationReason.UNSPECIFIED


def test_unknown() -> None:
    """A responder that knows nothing of a certificate makes it neither good nor revoked, and hides no list."""
    taken = read(answer(ROOT, SIGNER, UNKNOWN))

    assert status(taken).gap is RevocationGap.UNKNOWN_THERE
    assert status(taken, held=(lists.read(lists.crl(ROOT)),)).standing is Standing.GOOD


def test_newest_counts() -> None:
    """A hold may be lifted; of two answers from one second the worse counts."""
    old = read(answer(ROOT, SIGNER, REVOKED, reason=HOLD, this_update=AT - 2 * DAY))
    new = read(answer(ROOT, SIGNER))
    for order in ((old, new), (new, old)):
        assert status(*order).source == new
    bad = read(answer(ROOT, SIGNER, REVOKED))
    for order in ((bad, new), (new, bad)):
        assert status(*order).standing is Standing.REVOKED


def test_without_next_update() -> None:
    """An answer that names no end counts for a bounded time."""
    taken = read(answer(ROOT, SIGNER, this_update=AT, next_update=None))

    assert status(taken, at=AT + WITHOUT_NEXT_UPDATE).standing is Standing.GOOD
    assert status(taken, at=AT + WITHOUT_NEXT_UPDATE + SECOND).gap is RevocationGap.STALE


# Beside lists.


def test_revoked_wins() -> None:
    """Whichever of the two says that a certificate is revoked is believed, fresher or not."""
    good_list, bad_list = lists.crl(ROOT), lists.crl(ROOT, lists.revoked(SIGNER))
    for this_update in (AT - 3 * DAY, AT):
        bad = read(answer(ROOT, SIGNER, REVOKED, this_update=this_update))
        good = read(answer(ROOT, SIGNER, this_update=this_update))
        assert status(bad, held=(lists.read(good_list),)).source == bad
        assert status(good, held=(lists.read(bad_list),)).standing is Standing.REVOKED


def test_freshest_good_source() -> None:
    """Of two sources in force the fresher is named; one out of date does not hide the other."""
    listed = lists.read(lists.crl(ROOT))
    fresh, old = (
        read(answer(ROOT, SIGNER, this_update=AT)),
        read(answer(ROOT, SIGNER, this_update=AT - 3 * DAY)),
    )
    stale = read(answer(ROOT, SIGNER, next_update=AT - SECOND))

    assert status(fresh, held=(listed,)).source == fresh
    assert status(old, held=(listed,)).source == listed
    assert status(stale, held=(listed,)).source == listed
    expired = lists.read(lists.crl(ROOT, this_update=AT - 8 * DAY))
    assert status(fresh, held=(expired,)).source == fresh


def test_hold_out_of_date() -> None:
    """A hold that is out of date gives way to what is newer and in force; any other revocation never does."""
    listed = lists.read(lists.crl(ROOT))
    for reason, standing in ((HOLD, Standing.GOOD), (x509.ReasonFlags.superseded, Standing.REVOKED)):
        old = answer(ROOT, SIGNER, REVOKED, reason=reason, this_update=AT - 3 * DAY, next_update=AT - 2 * DAY)
        assert status(read(old), held=(listed,)).standing is standing
    in_force = answer(ROOT, SIGNER, REVOKED, reason=HOLD, this_update=AT - 3 * DAY)
    assert status(read(in_force), held=(listed,)).standing is Standing.REVOKED


# Who may answer.


def test_delegated_responder() -> None:
    """A responder with a certificate of the authority answers for it, however it is named, with nocheck or without."""
    without = ((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), True),)
    for delegate in (responder(ROOT), responder(ROOT, extensions=without), responder(ROOT, key_usage=None)):
        for encoding in ocsp.OCSPResponderEncoding:
            taken = read(answer(ROOT, SIGNER, by=delegate, encoding=encoding))
            assert status(taken) == Status(standing=Standing.GOOD, source=taken)
            assert taken.responder == delegate[0]


def test_responder_whose_extensions_are_critical_but_understood() -> None:
    """What is understood may be critical; non-repudiation is signing as well."""
    named = x509.SubjectAlternativeName([x509.DNSName("ocsp.example")])
    critical = ((FOR_OCSP[0][0], True), (x509.OCSPNoCheck(), True), (named, True))
    for delegate in (
        responder(ROOT, extensions=critical),
        responder(ROOT, key_usage=pki.usage("content_commitment")),
    ):
        assert status(read(answer(ROOT, SIGNER, by=delegate))).standing is Standing.GOOD


def test_authority_without_a_key_usage() -> None:
    """Where an authority's certificate does not limit its key, it answers for itself."""
    key = pki.key()
    plain = pki.certificate(ROOT, public_key=key, is_authority=True, key_usage=None)
    leaf = pki.certificate(Authority(certificate=plain, key=key))

    assert read(answer(Authority(certificate=plain, key=key), leaf), plain).is_known


def test_octets_that_look_like_a_critical_extension() -> None:
    """In an answer about one certificate its extensions are looked at, not what its octets look like."""
    nonce = x509.OCSPNonce(b"\x01\x01\xff" * 3)

    assert read(answer(ROOT, SIGNER, extensions=((nonce, False),))).is_known


@pytest.mark.parametrize(
    ("oid", "hash_"),
    [("03", hashes.SHA384()), ("04", hashes.SHA512())],
)
def test_ecdsa(oid: str, hash_: hashes.SHA384 | hashes.SHA512) -> None:
    """ECDSA counts with every hash of the allow-list."""
    assert isinstance(ROOT.key, ec.EllipticCurvePrivateKey)
    tbs = ocsp.load_der_ocsp_response(answer(ROOT, SIGNER)).tbs_response_bytes
    signed = response(tbs, bytes.fromhex("300a06082a8648ce3d0403" + oid), ROOT.key.sign(tbs, ec.ECDSA(hash_)))

    assert read(signed).is_known


def test_answer_ends_with_its_signers_certificate() -> None:
    """An answer counts no longer than the certificate of whoever signed it."""
    taken = read(answer(ROOT, SIGNER, by=responder(ROOT, not_after=AT + DAY)))

    assert taken.next_update == AT + DAY


def test_revoked_responder() -> None:
    """A responder that a list of the authority names makes nobody good; whom it calls revoked is revoked."""
    delegate = responder(ROOT)
    naming = lists.read(
        lists.crl(ROOT, lists.revoked(delegate[0]), extensions=lists.scope(only_contains_ca_certs=True))
    )

    assert status(read(answer(ROOT, SIGNER, by=delegate))).standing is Standing.GOOD
    assert status(read(answer(ROOT, SIGNER, by=delegate)), held=(naming,)).standing is Standing.UNKNOWN
    bad = read(answer(ROOT, SIGNER, REVOKED, by=delegate))
    assert status(bad, held=(naming,)).standing is Standing.REVOKED


ALL_HASHES = (
    hashes.SHA1(),  # noqa: S303 - a name
    hashes.SHA224(),
    hashes.SHA256(),
    hashes.SHA384(),
    hashes.SHA512(),
)


def test_names_of_authorities() -> None:
    """An authority may be named by any hash; by its name alone it is not."""
    for certid in ALL_HASHES:
        assert status(read(answer(ROOT, SIGNER, certid=certid))).standing is Standing.GOOD
    stranger = pki.stranger()
    with pytest.raises(BadOcspAnswerError, match="no certificate of the authority"):
        read(answer(stranger, SIGNER))
    below = pki.authority()
    leaf = pki.certificate(below)
    taken = read(answer(below, leaf), ROOT.certificate, below.certificate)
    evidence = RevocationData(responses=(taken,))
    assert status_of(leaf, issuer=below.certificate, held=evidence, at=AT).standing is Standing.GOOD


OTHER = pki.authority()
UNKNOWN_EXTENSION = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
ANY_PURPOSE = ((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False),)
BAD_ANSWERS = {
    "forged": (answer(ROOT, SIGNER, signing_key=pki.key()), "not signed by the key"),
    "authority below the issuer": (answer(ROOT, SIGNER, by=(OTHER.certificate, OTHER.key)), "not for OCSP"),
    "responder of another authority": (answer(ROOT, SIGNER, by=responder(OTHER)), "not the authority's"),
    "responder of a namesake": (answer(ROOT, SIGNER, by=responder(pki.stranger())), "not the authority's"),
    "self-signed responder": (answer(ROOT, SIGNER, by=pki.self_signed()), "not the authority's"),
    "the certificate in question": (answer(ROOT, SIGNER, by=(SIGNER, SIGNER_KEY)), "not for OCSP"),
    "any purpose": (answer(ROOT, SIGNER, by=responder(ROOT, extensions=ANY_PURPOSE)), "not for OCSP"),
    "no purpose": (answer(ROOT, SIGNER, by=responder(ROOT, extensions=())), "not for OCSP"),
    "usage": (
        answer(ROOT, SIGNER, by=responder(ROOT, key_usage=pki.usage("key_encipherment"))),
        "KeyUsage does not allow signing",
    ),
    "unknown critical extension of the responder": (
        answer(ROOT, SIGNER, by=responder(ROOT, extensions=(*FOR_OCSP, (UNKNOWN_EXTENSION, True)))),
        "certificate has an unknown critical extension",
    ),
    "expired responder": (
        answer(ROOT, SIGNER, by=responder(ROOT, not_after=AT - 300 * DAY)),
        "not valid at the time",
    ),
    "responder not yet valid": (
        answer(ROOT, SIGNER, by=responder(ROOT, not_before=AT + 300 * DAY)),
        "not valid at the time",
    ),
    "signer not enclosed": (answer(ROOT, SIGNER, by=responder(ROOT), included=[]), "is not there"),
    "signed with another kind of key": (
        answer(ROOT, SIGNER, by=responder(ROOT), signing_key=pki.small_rsa_key()),
        "algorithm is not that of the key",
    ),
    "unknown critical extension": (
        answer(ROOT, SIGNER, extensions=((UNKNOWN_EXTENSION, True),)),
        "unknown critical extension 1.2.3.4",
    ),
    "weak hash": (answer(ROOT, SIGNER, hash_=hashes.SHA224()), "which is not allowed"),
    "ends before it begins": (answer(ROOT, SIGNER, next_update=AT - 2 * DAY), "ends before it begins"),
    "no answer": (
        ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
            Encoding.DER
        ),
        "try_later",
    ),
    "a list": (lists.crl(ROOT), "parsing"),
    "cut off": (answer(ROOT, SIGNER)[:-1], "parsing"),
    "junk after it": (answer(ROOT, SIGNER) + b"\0", "parsing"),
    "junk": (b"junk", "parsing"),
    "empty": (b"", "parsing"),
}


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_refused_answers(kind: str) -> None:
    """An answer that cannot be verified is refused with the reason, as a broken bundle is."""
    data, reason = BAD_ANSWERS[kind]
    with pytest.raises(BadOcspAnswerError, match=reason):
        read(data, ROOT.certificate, OTHER.certificate)
    assert issubclass(BadOcspAnswerError, BadTrustBundleError)


def test_extensions_that_may_be_ignored() -> None:
    """A nonce, and whatever is not critical, changes nothing."""
    for extension in (x509.OCSPNonce(b"12345678"), UNKNOWN_EXTENSION):
        assert status(read(answer(ROOT, SIGNER, extensions=((extension, False),)))).standing is Standing.GOOD


def test_responder_certified_with_a_weak_hash() -> None:
    """A responder's certificate is worth no more than the algorithm that it was signed with."""
    model, key = responder(ROOT)
    builder = (
        x509.CertificateBuilder()
        .subject_name(model.subject)
        .issuer_name(ROOT.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT - DAY * 30)
        .not_valid_after(AT + DAY * 30)
    )
    for extension in model.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    strong, weak = (builder.sign(ROOT.key, hash_) for hash_ in (hashes.SHA256(), hashes.SHA224()))
    assert read(answer(ROOT, SIGNER, by=(strong, key))).responder == strong
    with pytest.raises(BadOcspAnswerError, match="signed with what is not allowed"):
        read(answer(ROOT, SIGNER, by=(weak, key)))


def test_authority_that_may_sign_nothing() -> None:
    """An authority whose KeyUsage allows no signature at all answers nothing."""
    for usage, is_good in (("key_cert_sign", True), ("digital_signature", True), ("crl_sign", False)):
        certificate = pki.certificate(
            ROOT, name=ROOT.certificate.subject, public_key=ROOT.key, key_usage=pki.usage(usage)
        )
        if is_good:
            assert read(answer(ROOT, SIGNER), certificate).is_known
            continue
        with pytest.raises(BadOcspAnswerError, match="KeyUsage does not allow signing"):
            read(answer(ROOT, SIGNER), certificate)


def test_critical_extension_of_one_answer() -> None:
    """What must be understood about the one answer in a response refuses it."""
    body = ocsp.load_der_ocsp_response(answer(ROOT, SIGNER)).tbs_response_bytes[3:]
    for critical, is_good in (("0101ff", False), ("", True)):
        inner = der(0x30, bytes.fromhex("06032a0304" + critical + "04020500"))
        single = der(0x30, body[45:], der(0xA1, der(0x30, inner)))
        data = sealed(der(0x30, body[:41], der(0x30, single)))
        if is_good:
            assert read(data).is_known
            continue
        with pytest.raises(BadOcspAnswerError, match=r"unknown critical extension 1\.2\.3\.4"):
            read(data)


def test_weak_key() -> None:
    """An answer is worth no more than the key that signed it."""
    key = pki.small_rsa_key()
    with pytest.raises(BadOcspAnswerError, match="weak key, RSA 1024"):
        read(answer(ROOT, SIGNER, by=responder(ROOT, key=key)))


ANSWER = answer(ROOT, SIGNER, by=responder(ROOT))


@given(place=st.integers(0, len(ANSWER) - 1), octet=st.integers(0, 255))
def test_damaged_answer(place: int, octet: int) -> None:
    """Whatever becomes of an octet: the answer says the same of the same, or it is refused and nothing else happens."""
    damaged = ANSWER[:place] + bytes([octet]) + ANSWER[place + 1 :]
    try:
        (taken,) = OcspAnswer.read(damaged, issuers=[ROOT.certificate])
    except BadOcspAnswerError:
        return
    (whole,) = OcspAnswer.read(ANSWER, issuers=[ROOT.certificate])
    assert (taken.serial_number, taken.this_update, taken.entry) == (
        whole.serial_number,
        whole.this_update,
        whole.entry,
    )


def test_several_certificates_in_one_answer() -> None:
    """Each certificate in a response has its own answer; what cannot be looked into must be plain."""
    other = pki.certificate(ROOT)
    bodies = [
        ocsp.load_der_ocsp_response(each).tbs_response_bytes[3:]
        for each in (answer(ROOT, SIGNER), answer(ROOT, other, UNKNOWN, this_update=AT))
    ]
    # Responder (24 octets), moment (17), and then the answers, of which there is one.
    tbs = der(0x30, bodies[0][:41], der(0x30, *(each[43:] for each in bodies)))

    good, bad = OcspAnswer.read(sealed(tbs), issuers=[ROOT.certificate])
    assert status(good, bad).standing is Standing.GOOD
    assert status(good, bad, of=other).gap is RevocationGap.UNKNOWN_THERE
    critical = der(0xA1, der(0x30, der(0x30, bytes.fromhex("06032a03040101ff04020500"))))
    single = der(0x30, bodies[1][45:], critical)
    hidden = der(0x30, bodies[0][:41], der(0x30, bodies[0][43:], single))
    with pytest.raises(BadOcspAnswerError, match="critical extension among several"):
        OcspAnswer.read(sealed(hidden), issuers=[ROOT.certificate])


def sealed(tbs: bytes) -> bytes:
    """Sign as the root does, and enclose."""
    assert isinstance(ROOT.key, ec.EllipticCurvePrivateKey)
    value = ROOT.key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    return response(tbs, bytes.fromhex("300a06082a8648ce3d040302"), value)


# RSASSA-PSS, whose parameters the library does not show.


def _pss(
    root: x509.Certificate,
    key: rsa.RSAPrivateKey,
    parameters: bytes,
    scheme: padding.PSS,
    hash_: hashes.HashAlgorithm = SHA256,
) -> bytes:
    """Sign an answer anew with RSASSA-PSS."""
    made = answer(Authority(certificate=root, key=key), SIGNER)
    tbs = ocsp.load_der_ocsp_response(made).tbs_response_bytes
    return response(tbs, parameters, key.sign(tbs, scheme, hash_))


def _algorithm(digest: str, salt: int) -> bytes:
    named = der(0x30, bytes.fromhex(digest))
    mask = der(0x30, bytes.fromhex("06092a864886f70d010108"), named)
    inner = (der(0xA0, named), der(0xA1, mask), der(0xA2, b"\x02\x01" + bytes((salt,))))
    return der(0x30, bytes.fromhex("06092a864886f70d01010a"), der(0x30, *inner))


def test_pss() -> None:
    """RSASSA-PSS counts with one hash throughout and its usual salt, and in no other form."""
    key = rsa.generate_private_key(65537, 2048)
    root = pki.certificate(
        ROOT,
        name=ROOT.certificate.subject,
        public_key=key,
        is_authority=True,
        key_usage=pki.usage("key_cert_sign"),
    )
    usual = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    short = padding.PSS(padding.MGF1(hashes.SHA256()), 24)

    good = _pss(root, key, _algorithm("0609608648016503040201", 32), usual)
    assert read(good, root).is_known
    for digest, hash_ in (("02", hashes.SHA384()), ("03", hashes.SHA512())):
        size = hash_.digest_size
        for null in ("", "0500"):
            parameters = _algorithm("06096086480165030402" + digest + null, size)
            scheme = padding.PSS(padding.MGF1(hash_), size)
            assert read(_pss(root, key, parameters, scheme, hash_), root).is_known
    for parameters, scheme, reason in (
        (_algorithm("0609608648016503040201", 24), short, "which is not allowed"),
        (_algorithm("0609608648016503040204", 32), usual, "which is not allowed"),
        (_algorithm("0609608648016503040201", 32), short, "not signed by"),
    ):
        with pytest.raises(BadOcspAnswerError, match=reason):
            read(_pss(root, key, parameters, scheme), root)


def test_an_algorithm_of_another_kind_of_key() -> None:
    """A good signature under the name of what the key cannot do is none."""
    key = rsa.generate_private_key(65537, 2048)
    root = pki.certificate(ROOT, name=ROOT.certificate.subject, public_key=key, is_authority=True)
    tbs = ocsp.load_der_ocsp_response(answer(Authority(certificate=root, key=key), SIGNER)).tbs_response_bytes
    value = key.sign(tbs, padding.PKCS1v15(), SHA256)
    assert read(response(tbs, bytes.fromhex("300d06092a864886f70d01010b0500"), value), root).is_known
    with pytest.raises(BadOcspAnswerError, match="not that of the key"):
        read(response(tbs, bytes.fromhex("300a06082a8648ce3d040302"), value), root)

    assert isinstance(ROOT.key, ec.EllipticCurvePrivateKey)
    tbs = ocsp.load_der_ocsp_response(answer(ROOT, SIGNER)).tbs_response_bytes
    value = ROOT.key.sign(tbs, ec.ECDSA(SHA256))
    with pytest.raises(BadOcspAnswerError, match="not that of the key"):
        read(response(tbs, bytes.fromhex("300d06092a864886f70d01010b0500"), value))


# What a verdict makes of it.


def _trusting(data: bytes) -> Trust:
    return Trust(
        anchors=pki.anchored(ROOT.certificate), responses=(read(data),), revocation=Revocation.REQUIRE
    )


def test_verdict() -> None:
    """An answer decides as a list does, and the verdict names it."""
    trust = _trusting(answer(ROOT, SIGNER))
    verdict = judge(SIGNED, trust=trust)
    assert verdict.indication is Indication.TOTAL_PASSED
    assert verdict.facts()["revocation"] == [
        {
            "certificate_sha256": verdict.chain[0],
            "status": "good",
            "source": "ocsp",
            "source_sha256": trust.responses[0].sha256,
            "this_update": "2026-06-30T00:00:00Z",
            "next_update": "2026-07-03T00:00:00Z",
        }
    ]
    refused(judge(SIGNED, trust=_trusting(answer(ROOT, SIGNER, REVOKED))), "certificate_revoked")
    undecided = judge(SIGNED, trust=_trusting(answer(ROOT, SIGNER, UNKNOWN)))
    refused(undecided, "revocation_unknown")
    assert undecided.sub_indication is SubIndication.TRY_LATER


def test_version_of_trust() -> None:
    """Other answers are another trust."""
    trusts = [Trust(anchors=pki.anchored(ROOT.certificate), revocation=Revocation.REQUIRE)]
    trusts += [_trusting(answer(ROOT, SIGNER, said)) for said in (GOOD, REVOKED, UNKNOWN)]
    assert len({trust.version for trust in trusts}) == len(trusts)


MOMENTS = st.integers(-100, 100).map(lambda hours: AT + timedelta(hours=hours))
SAID = st.tuples(MOMENTS, st.integers(0, 100), st.sampled_from([*"gru"]), MOMENTS)
TAKEN = {
    "g": read(answer(ROOT, SIGNER)),
    "r": read(answer(ROOT, SIGNER, REVOKED)),
    "u": read(answer(ROOT, SIGNER, UNKNOWN)),
}


def _made(number: int, said: tuple[datetime, int, str, datetime]) -> OcspAnswer:
    this, hours, kind, since = said
    model = TAKEN[kind]
    entry = model.entry and type(model.entry)(since=since, reason=model.entry.reason)
    return OcspAnswer(
        sha256=f"{number:064x}",
        authority=model.authority,
        serial_number=model.serial_number,
        issuer=model.issuer,
        this_update=this,
        next_update=this + timedelta(hours=hours),
        produced_at=this,
        is_known=model.is_known,
        entry=entry,
    )


@given(said=st.lists(SAID, max_size=4), more=SAID, at=MOMENTS)
def test_laws(
    said: list[tuple[datetime, int, str, datetime]], more: tuple[datetime, int, str, datetime], at: datetime
) -> None:
    """Good needs an answer in force that says so; one more answer that says revoked never makes anybody good."""
    held = [_made(number, each) for number, each in enumerate(said)]
    found = status(*held, at=at)
    if found.standing is Standing.GOOD:
        assert isinstance(found.source, OcspAnswer)
        assert found.source.is_known
        assert found.source.this_update - SKEW <= at <= found.source.next_update
    bad = _made(99, (more[0], more[1], "r", more[3]))
    after = status(*held, bad, at=at)
    if found.standing is not Standing.GOOD and bad.entry is not None and bad.entry.since <= at:
        assert after.standing is not Standing.GOOD
