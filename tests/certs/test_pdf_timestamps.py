"""Signature time stamps in PDF files: a valid one says when the signature existed; any other changes nothing and is told."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Final

import pytest
from asn1crypto import cms
from cryptography import x509

from certs.evidence import Evidence
from certs.indication import Form
from certs.issue import issue
from certs.pdf import SignedPdf, judge_pdf
from certs.pdf_facts import MAX_TOKENS
from certs.pdf_reading import read_pdf
from certs.trust import Trust
from certs.verdict import TimeSource
from tests.support import cms_attacks, crl, pki, tsa
from tests.support.pdf import Signer, page, sign
from tests.support.tsa import Stamp

GEN_TIME: Final = tsa.GEN_TIME
EXPIRED: Final = issue(
    pki.root(),
    subject_common_name="Cơ quan",
    subject_serial_number=pki.AGENCY_CODE,
    not_before=GEN_TIME - pki.DAY,
    not_after=GEN_TIME + pki.DAY,
)
Token = Callable[[bytes], bytes]


def _stamped(*tokens: Token, by: pki.Identity = EXPIRED, pades: bool = True) -> bytes:
    return sign(page(), Signer(by, spoil=cms_attacks.stamped_with(*tokens)), pades=pades)


def _judge(content: bytes, *entries: x509.RevokedCertificate) -> SignedPdf:
    lists = (crl.read(crl.crl(pki.root(), *entries)),) if entries else ()
    trust = Trust(anchors=pki.trust().anchors, lists=lists)
    (signed,) = judge_pdf(read_pdf(BytesIO(content)), trust=trust, at=pki.AT).signatures
    return signed


def _said(signed: SignedPdf) -> tuple[str, str | None, str | None]:
    verdict = signed.verdict
    code = verdict.errors[0].code if verdict.errors else None
    return verdict.indication.value, verdict.sub_indication and verdict.sub_indication.value, code


PASSED: Final = ("TOTAL_PASSED", None, None)
NO_POE: Final = ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE", "certs.certificate_expired")


def _good(value: bytes) -> bytes:
    return Stamp(data=value).token()


@pytest.mark.parametrize(("pades", "form"), [(True, Form.PADES_T), (False, Form.PDF_CMS)])
def test_time_stamp_over_the_signature(pades: bool, form: Form) -> None:
    """A certificate that was valid when the signature was stamped is good for it ever after."""
    signed = _judge(_stamped(_good, pades=pades))

    assert _said(signed) == PASSED
    assert (signed.verdict.moment.at, signed.verdict.moment.source) == (GEN_TIME, TimeSource.TIMESTAMP)
    assert signed.verdict.form is form
    assert [each.proven_time for each in signed.verdict.timestamps] == [GEN_TIME]


def test_without_a_time_stamp() -> None:
    """Without one, the moment is that of the judgement."""
    signed = _judge(sign(page(), Signer(EXPIRED)))

    assert _said(signed) == NO_POE
    assert signed.verdict.timestamps == ()
    assert _judge(sign(page())).verdict.form is Form.PADES_B


BAD: Final[dict[str, Token]] = {
    "copied from another signature": lambda _: Stamp(data=b"the value of another signature").token(),
    "wrong imprint": lambda value: Stamp(data=value, imprint=bytes(32)).token(),
    "imprint without the last octet": lambda value: Stamp(data=value[:-1]).token(),
    "of a stranger": lambda value: Stamp(
        data=value, identity=(tsa.authority_certificate(pki.stranger()), pki.key())
    ).token(),
    "of a signer of documents": lambda value: Stamp(data=value, identity=pki.signer()).token(),
    "purpose that is not critical": lambda value: Stamp(
        data=value,
        identity=(tsa.authority_certificate(extensions=((tsa.PURPOSE[0][0], False),)), pki.key()),
    ).token(),
    "by SHA-1": lambda value: Stamp(data=value, imprint_oid=tsa.SHA1).token(),
    "changed": lambda value: Stamp(
        data=value, change_info=lambda info: info.replace(b"20260601", b"20260501")
    ).token(),
    "two signers": lambda value: Stamp(data=value, signers=2).token(),
    "rubbish": lambda _: tsa.seq(tsa.integer(1)),
    "other last octet": lambda value: Stamp(data=value).token()[:-1] + b"x",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_time_stamp(name: str) -> None:
    """A time stamp that is not valid proves nothing, and makes nothing worse."""
    signed = _judge(_stamped(BAD[name]))
    assert _said(signed) == NO_POE
    assert [each.proven_time for each in signed.verdict.timestamps] == [None]

    in_time = _judge(_stamped(BAD[name], by=pki.signer()))
    assert _said(in_time) == PASSED
    assert (in_time.verdict.form, in_time.verdict.moment.source) == (Form.PADES_B, TimeSource.CONTROL)
    assert "certs.timestamp_refused" in {warning.code for warning in in_time.verdict.warnings}


def test_token_of_the_signature_before() -> None:
    """A good token that was taken from a good signature proves nothing of another one."""
    tokens: list[bytes] = []

    def remember(value: bytes) -> bytes:
        tokens.append(_good(value))
        return tokens[-1]

    assert _said(_judge(_stamped(remember))) == PASSED
    assert _said(_judge(_stamped(lambda _: tokens[-1]))) == NO_POE


def test_stamped_too_late_or_too_early() -> None:
    """A time stamp from after the end saves nothing, and nobody signs before there is a certificate."""
    late = _judge(_stamped(lambda value: Stamp(data=value, gen_time=tsa.later(by=2 * pki.DAY)).token()))
    early = tsa.gen_time(GEN_TIME - 2 * pki.DAY)

    assert _said(late) == NO_POE
    assert _said(_judge(_stamped(lambda value: Stamp(data=value, gen_time=early).token()))) == (
        "INDETERMINATE",
        "TIMESTAMP_ORDER_FAILURE",
        "certs.timestamp_order",
    )


def test_revoked() -> None:
    """What was stamped before the signer was revoked stays good, and what came after does not."""
    content = _stamped(_good, by=pki.signer())
    since = GEN_TIME + pki.DAY
    lost = x509.ReasonFlags.key_compromise

    assert _said(_judge(content, crl.revoked(pki.signer()[0], since=since, reason=lost))) == PASSED
    before = crl.revoked(pki.signer()[0], since=GEN_TIME - pki.DAY)
    assert _said(_judge(content, before))[1] == "REVOKED_NO_POE"
    plain = sign(page(), Signer(pki.signer()))
    assert _said(_judge(plain, crl.revoked(pki.signer()[0], since=since)))[1] == "REVOKED_NO_POE"


def test_several_time_stamps() -> None:
    """The earliest valid one counts, whatever stands beside it, and only so many are looked at."""
    early = tsa.gen_time(GEN_TIME - pki.DAY / 2)

    signed = _judge(_stamped(BAD["rubbish"], _good, lambda value: Stamp(data=value, gen_time=early).token()))
    assert _said(signed) == PASSED
    assert signed.verdict.moment.at == GEN_TIME - pki.DAY / 2
    assert len(signed.verdict.timestamps) == 3
    many = _judge(_stamped(*(lambda _, n=n: tsa.seq(tsa.integer(n)) for n in range(20)), by=pki.signer()))
    assert len(many.verdict.timestamps) == MAX_TOKENS


def test_a_changed_file_stays_changed() -> None:
    """Proof of the time is no proof of the content."""
    content = _stamped(_good).replace(b"/MediaBox", b"/MediaBax")

    assert _said(_judge(content)) == ("TOTAL_FAILED", "HASH_FAILURE", "certs.pdf_digest_mismatch")


def test_recorded_evidence_keeps_them() -> None:
    """What was found can be judged again without the file."""
    evidence = _judge(_stamped(_good)).verdict.evidence

    assert Evidence.read(evidence.as_json()).stamps == evidence.stamps != ()


@pytest.mark.parametrize("value", [tsa.integer(1), b"\x30\x00", tsa.octets(b"x")], ids=bytes.hex)
def test_what_nobody_signed_is_no_fault(value: bytes) -> None:
    """Anybody can put something into the unsigned attributes; it does not make the signature wrong."""
    attribute = tsa.attribute("1.2.840.113549.1.9.16.2.14", value)

    def attach(info: cms.ContentInfo) -> bytes:
        return cms_attacks.with_unsigned(info, attribute)

    assert _said(_judge(sign(page(), Signer(pki.signer(), spoil=attach)))) == PASSED


def test_length_that_looks_indefinite() -> None:
    """Octets are taken as they are, also if the last octet of a length is that of an indefinite one."""

    def token(value: bytes) -> bytes:
        fill = (tsa.der(0xA1, tsa.attribute("1.2.3", tsa.octets(bytes(size)))) for size in range(3000))
        made = (Stamp(data=value, unsigned=each).token() for each in fill)
        return next(each for each in made if each[:2] == b"\x30\x82" and each[3] == 0x80)

    assert _said(_judge(_stamped(token))) == PASSED
