"""XAdES-T: a valid time stamp over the signature says when it existed; any other changes nothing and is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

import pytest
from cryptography import x509

from certs.evidence import Evidence
from certs.indication import Form, Indication, SubIndication
from certs.issue import KeyType, issue
from certs.judgement import judge as judge_evidence
from certs.policy_file import read_policy
from certs.revocation import Revocation
from certs.trust import Trust
from certs.verdict import TimeSource, Verdict
from certs.verify import verify
from tests.support import crl, pki, tsa
from tests.support.signing import EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, TEMPLATE, Recipe, forge, read
from tests.support.tsa import Stamp
from tests.support.xades import (
    Properties,
    named,
    signature_time_stamp,
    stamped,
    stamped_octets,
    unstamped,
    with_stamps,
)

GEN_TIME = tsa.GEN_TIME
EXPIRED = issue(
    pki.root(),
    subject_common_name="Cơ quan",
    subject_serial_number=pki.AGENCY_CODE,
    not_before=GEN_TIME - pki.DAY,
    not_after=GEN_TIME + pki.DAY,
)
CLAIM = "<xades:SigningTime>2026-06-01T00:00:00Z</xades:SigningTime>"
OURS = Properties(content=CLAIM + named())
THEIRS = Properties(content=CLAIM + named(EXPIRED[0]), recipe=Recipe(identity=EXPIRED))


def _judge(
    xml: bytes,
    *entries: x509.RevokedCertificate,
    at: datetime = pki.AT,
    existed_at: datetime | None = None,
    trust: Trust | None = None,
) -> Verdict:
    lists = (crl.read(crl.crl(pki.root(), *entries)),) if entries else ()
    trust = trust or Trust(anchors=pki.trust().anchors, lists=lists)
    return verify(read(xml), trust=trust, at=at, existed_at=existed_at)


def _said(verdict: Verdict) -> tuple[list[str], Indication, SubIndication | None]:
    return [error.code for error in verdict.errors], verdict.indication, verdict.sub_indication


PASSED: tuple[list[str], Indication, None] = ([], Indication.TOTAL_PASSED, None)
NO_POE = (
    ["certs.certificate_expired"],
    Indication.INDETERMINATE,
    SubIndication.OUT_OF_BOUNDS_NO_POE,
)


@pytest.mark.parametrize("method", [EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, None])
@pytest.mark.parametrize("is_default", [False, True])
def test_time_stamp_over_the_signature(method: str | None, is_default: bool) -> None:
    """A token over the canonical SignatureValue, in any namespace context, makes the signature one of XAdES-T."""
    template = TEMPLATE.replace("<edXML xmlns", '<edXML xmlns:x="urn:x" xmlns') if is_default else TEMPLATE
    verdict = _judge(stamped(Stamp(), properties=OURS, method=method, template=template))

    assert _said(verdict) == PASSED
    assert verdict.form is Form.XADES_T
    assert (verdict.moment.at, verdict.moment.source) == (GEN_TIME, TimeSource.TIMESTAMP)
    assert [each.proven_time for each in verdict.timestamps] == [GEN_TIME]
    assert verdict.warnings == ()
    assert [note.code for note in verdict.notes] == ["certs.revocation_unknown"]
    facts = verdict.facts()
    assert (facts["form"], facts["time_source"]) == ("XADES-T", "TIMESTAMP")
    assert facts["timestamps"] == [
        {
            "indication": "TOTAL_PASSED",
            "gen_time": "2026-06-01T00:00:00Z",
            "policy": tsa.POLICY,
            "serial": "1267",
            "authority_sha256": tsa.identity()[0].fingerprint(tsa.HASHES[tsa.SHA256]).hex(),
        }
    ]


@pytest.mark.parametrize("encoding", ["DER", "BER", "PER", None])
def test_encoding(encoding: str | None) -> None:
    """A token may be said to be in DER or BER, as it is when nothing is said; in anything else it is none."""
    attribute = f' Encoding="http://uri.etsi.org/01903/v1.2.2#{encoding}"' if encoding is not None else ""
    xml = unstamped(OURS)
    token = Stamp(data=stamped_octets(xml)).token()
    verdict = _judge(with_stamps(xml, signature_time_stamp(token, attributes=attribute)))

    assert (verdict.form is Form.XADES_T) is (encoding != "PER")
    assert len(verdict.timestamps) == 1


def test_without_a_time_stamp() -> None:
    """Without one it stays baseline B, and the moment is that of the judgement."""
    verdict = _judge(with_stamps(unstamped(OURS)))

    assert verdict.form is Form.XADES_B
    assert verdict.moment.source is TimeSource.CONTROL
    assert [note.code for note in verdict.notes] == ["certs.revocation_unknown", "certs.no_timestamp"]
    assert _judge(b"<x/>").form is None


def test_expired_since() -> None:
    """A certificate that was valid when the signature was stamped is good for it ever after."""
    assert _said(_judge(stamped(Stamp(), properties=THEIRS))) == PASSED
    assert _said(_judge(with_stamps(unstamped(THEIRS)))) == NO_POE


def test_expired_before() -> None:
    """A time stamp from after the certificate expired saves nothing."""
    late = Stamp(gen_time=tsa.later(by=2 * pki.DAY))

    assert _said(_judge(stamped(late, properties=THEIRS))) == NO_POE


def test_known_before_it_was_stamped() -> None:
    """Of two proofs the earlier one counts, also where it is our own record."""
    known = GEN_TIME - pki.DAY / 2
    moment = _judge(XML, existed_at=known).moment

    assert (moment.at, moment.source) == (known, TimeSource.RECEIPT)


def test_stamped_before_the_certificate() -> None:
    """Nobody can have signed with a certificate before there was one."""
    early = Stamp(gen_time=tsa.gen_time(GEN_TIME - 2 * pki.DAY))

    verdict = _judge(stamped(early, properties=THEIRS))
    assert _said(verdict) == (
        ["certs.timestamp_order"],
        Indication.INDETERMINATE,
        SubIndication.TIMESTAMP_ORDER_FAILURE,
    )


def _bad_ones() -> dict[str, bytes]:
    """Return documents whose only time stamp proves nothing."""
    xml = unstamped(THEIRS)
    octets = stamped_octets(xml)
    good = Stamp(data=octets).token()
    other = Stamp(data=stamped_octets(unstamped(OURS))).token()
    stranger = Stamp(data=octets, identity=(tsa.authority_certificate(pki.stranger()), pki.key())).token()
    made = {
        "copied from another signature": signature_time_stamp(other),
        "over something near it": signature_time_stamp(
            Stamp(data=stamped_octets(xml, INCLUSIVE)[:-1]).token(), method=INCLUSIVE
        ),
        "of a stranger": signature_time_stamp(stranger),
        "of a signer of documents": signature_time_stamp(Stamp(data=octets, identity=pki.signer()).token()),
        "by SHA-1": signature_time_stamp(Stamp(data=octets, imprint_oid=tsa.SHA1).token()),
        "changed": signature_time_stamp(good[:-3] + b"xyz"),
        "rubbish": signature_time_stamp(b"rubbish"),
        "not Base64": signature_time_stamp(good).replace("MII", "MII*", 1),
        "canonicalised with comments": signature_time_stamp(good, method=f"{EXCLUSIVE}WithComments"),
        "in an unknown encoding": signature_time_stamp(good, attributes=' Encoding="urn:x"'),
        "with an element inside": signature_time_stamp(good).replace(
            "</xades:EncapsulatedTimeStamp>", "<xades:Any/></xades:EncapsulatedTimeStamp>"
        ),
        "in another element": signature_time_stamp(good).replace("EncapsulatedTimeStamp", "XMLTimeStamp"),
    }
    return {name: with_stamps(xml, each) for name, each in made.items()}


BAD = _bad_ones()


@pytest.mark.parametrize("name", BAD)
def test_bad_time_stamp(name: str) -> None:
    """A time stamp that is not valid proves nothing, makes nothing worse, and is told."""
    verdict = _judge(BAD[name])
    assert _said(verdict) == NO_POE
    assert [each.proven_time for each in verdict.timestamps] == [None]

    in_time = _judge(BAD[name], at=GEN_TIME)
    assert _said(in_time) == PASSED
    assert (in_time.form, in_time.moment.source) == (Form.XADES_B, TimeSource.CONTROL)
    assert [warning.code for warning in in_time.warnings] == ["certs.timestamp_refused"]


def test_expired_authority() -> None:
    """A time stamp counts for as long as its authority's certificate does, because nothing proves that it is that old."""
    certificate = tsa.authority_certificate(not_after=pki.AT)
    xml = stamped(Stamp(identity=(certificate, pki.key())), properties=THEIRS)

    assert _said(_judge(xml)) == PASSED
    late = _judge(xml, at=pki.AT + pki.DAY)
    assert _said(late) == NO_POE
    assert late.timestamps[0].sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE


def test_policy_may_insist() -> None:
    """Whether a bad time stamp, or none, is worse than a remark is for the policy to say."""
    policy = read_policy(
        b'name = "x"\nversion = 1\n[checks]\n"certs.timestamp_refused" = "fail"\n"certs.no_timestamp" = "fail"\n'
    )
    trust = Trust(anchors=pki.trust().anchors, policy=policy)

    bad = _judge(BAD["rubbish"], at=GEN_TIME, trust=trust)
    assert [error.code for error in bad.errors] == ["certs.timestamp_refused", "certs.no_timestamp"]
    assert bad.indication is Indication.INDETERMINATE
    assert _said(_judge(stamped(Stamp(), properties=OURS), trust=trust)) == PASSED


def test_earliest_valid_one_counts() -> None:
    """Of several the earliest that is valid says the time, in whatever order, beside bad ones."""
    xml = unstamped(OURS)
    octets = stamped_octets(xml)
    later = Stamp(data=octets, gen_time=tsa.later(by=pki.DAY)).token()
    good = Stamp(data=octets).token()
    bad = Stamp(data=b"other", gen_time=tsa.gen_time(GEN_TIME - pki.DAY)).token()

    for stamps in (
        [signature_time_stamp(later, good, bad)],
        [signature_time_stamp(bad), signature_time_stamp(later), signature_time_stamp(good)],
    ):
        verdict = _judge(with_stamps(xml, *stamps))
        assert (_said(verdict), verdict.moment.at) == (PASSED, GEN_TIME)
        assert len(verdict.timestamps) == 3


def test_only_so_many_are_looked_at() -> None:
    """Anybody can add time stamps, so the ninth and all after it are not there."""
    xml = unstamped(OURS)
    good = Stamp(data=stamped_octets(xml)).token()

    many = _judge(with_stamps(xml, *[signature_time_stamp(b"x")] * 7, signature_time_stamp(good, good, good)))
    assert (len(many.timestamps), many.moment.source) == (8, TimeSource.TIMESTAMP)
    hidden = _judge(with_stamps(xml, *[signature_time_stamp(b"x", b"x")] * 4, signature_time_stamp(good)))
    assert (len(hidden.timestamps), hidden.moment.source) == (8, TimeSource.CONTROL)


def test_empty_time_stamp() -> None:
    """An element without a token is none, and nothing to speak of."""
    for empty in ("<xades:SignatureTimeStamp/>", signature_time_stamp()):
        verdict = _judge(with_stamps(unstamped(OURS), empty))
        assert (_said(verdict), verdict.timestamps) == (PASSED, ())


def test_attribute_from_outside() -> None:
    """Inclusive canonicalisation would copy an xml:* attribute from above into what was stamped."""
    template = TEMPLATE.replace("<edXML xmlns", '<edXML xml:lang="vi" xmlns')

    inclusive = _judge(stamped(Stamp(), properties=OURS, method=INCLUSIVE, template=template))
    assert (_said(inclusive), inclusive.form) == (PASSED, Form.XADES_B)
    exclusive = _judge(stamped(Stamp(), properties=OURS, template=template))
    assert (_said(exclusive), exclusive.form) == (PASSED, Form.XADES_T)


def test_time_stamp_of_a_changed_document() -> None:
    """Proof of the time is no proof of the content."""
    xml = stamped(Stamp(), properties=OURS).replace(b"&amp;", b"+")

    assert _said(_judge(xml)) == (
        ["certs.digest_mismatch"],
        Indication.TOTAL_FAILED,
        SubIndication.HASH_FAILURE,
    )


def test_authority_with_its_path_in_the_signature() -> None:
    """The certificates of the signature may complete the authority's path, and are no authorities for that."""
    bare = Stamp(certificates=())
    recipe = Recipe(certificates=[pki.signer()[0], tsa.identity()[0]])

    assert _judge(stamped(bare, properties=replace(OURS, recipe=recipe))).form is Form.XADES_T
    assert _judge(stamped(bare, properties=OURS)).form is Form.XADES_B


# Revocation of the signer.

XML = stamped(Stamp(), properties=OURS)
PLAIN = with_stamps(unstamped(OURS))
AFTER = GEN_TIME + pki.DAY


def _entry(since: datetime, reason: x509.ReasonFlags | None = None) -> x509.RevokedCertificate:
    return crl.revoked(pki.signer()[0], since=since, reason=reason)


@pytest.mark.parametrize("reason", [None, x509.ReasonFlags.key_compromise])
def test_revoked_before(reason: x509.ReasonFlags | None) -> None:
    """A time stamp from after the revocation saves nothing."""
    assert _said(_judge(XML, _entry(GEN_TIME, reason))) == (
        ["certs.certificate_revoked"],
        Indication.INDETERMINATE,
        SubIndication.REVOKED_NO_POE,
    )


@pytest.mark.parametrize("reason", [None, x509.ReasonFlags.key_compromise])
def test_revoked_after(reason: x509.ReasonFlags | None) -> None:
    """What was signed before the certificate was revoked is good, even if the key was lost later; it is told."""
    verdict = _judge(XML, _entry(AFTER, reason))
    assert _said(verdict) == PASSED
    assert [warning.code for warning in verdict.warnings] == ["certs.revoked_since"]
    assert _judge(PLAIN, _entry(AFTER, reason)).sub_indication is SubIndication.REVOKED_NO_POE


def test_key_lost_after_our_receipt() -> None:
    """Against a lost key only a time stamp counts, not our own record."""
    entry = _entry(AFTER, x509.ReasonFlags.key_compromise)

    assert _said(_judge(PLAIN, entry, existed_at=GEN_TIME))[0] == ["certs.certificate_revoked"]
    assert _said(_judge(XML, entry, existed_at=AFTER)) == PASSED


def test_revoked_authority_proves_nothing() -> None:
    """A time stamp of an authority that lost its key is none."""
    lost = crl.revoked(tsa.identity()[0], since=AFTER, reason=x509.ReasonFlags.key_compromise)

    assert _said(_judge(XML, lost)) == PASSED
    assert _judge(XML, lost).form is Form.XADES_B
    assert _judge(XML, lost, _entry(AFTER)).sub_indication is SubIndication.REVOKED_NO_POE


def test_revocation_must_be_known_of_both() -> None:
    """Where revocation must be known, a list from today tells it of then, and without one the time stamp waits as well."""
    require = Trust(
        anchors=pki.trust().anchors,
        lists=(crl.read(crl.crl(pki.root())),),
        revocation=Revocation.REQUIRE,
    )

    assert _judge(XML, trust=require).form is Form.XADES_T
    assert _said(_judge(XML, trust=require)) == PASSED
    unknown = _judge(XML, trust=replace(require, lists=()))
    assert unknown.sub_indication is SubIndication.TRY_LATER
    assert unknown.moment.source is TimeSource.CONTROL


# Evidence.


@pytest.mark.parametrize(
    "xml", [XML, PLAIN, BAD["copied from another signature"], BAD["not Base64"]], ids=range(4)
)
def test_evidence(xml: bytes) -> None:
    """What was recorded is judged as the document was, and later under what is known then."""
    first = _judge(xml)
    recorded = Evidence.read(json.loads(json.dumps(first.evidence.as_json())))
    again = judge_evidence(recorded, trust=pki.trust(), at=pki.AT)

    assert again.facts() == first.facts()
    expired = judge_evidence(recorded, trust=pki.trust(), at=pki.AT + 2 * pki.YEAR)
    assert expired.moment.source is TimeSource.CONTROL


def test_evidence_from_before_time_stamps_were_read() -> None:
    """Records of an earlier release have no time stamps."""
    recorded = _judge(PLAIN).evidence.as_json()
    del recorded["stamps"]

    assert Evidence.read(recorded).stamps == ()


def test_enveloped_signature_without_properties_has_none() -> None:
    """There is no place for time stamps in a plain signature."""
    assert _judge(forge()).timestamps == ()


def test_other_kinds_of_key() -> None:
    """Signer and authority need not use the same algorithms."""
    identity = tsa.identity(KeyType.RSA_2048)
    stamp = Stamp(identity=identity, pss=True, signature_algorithm=tsa.pss(tsa.SHA256))

    assert _judge(stamped(stamp, properties=OURS)).form is Form.XADES_T
