"""Evidence is judged by trust, time and policy, when the document comes and again years later."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certs.evidence import Evidence
from certs.indication import Indication, SubIndication
from certs.issue import KeyType, issue
from certs.judgement import judge as judge_evidence
from certs.policy import CHECKS, Level
from certs.policy_file import read_policy
from certs.revocation import Revocation
from certs.trust import Trust
from certs.verdict import TimeSource, Verdict
from certs.verify import verify
from tests.support import pki
from tests.support.crl import crl, revoked
from tests.support.crl import read as list_of
from tests.support.signing import MORE, UNSIGNED, Recipe, codes, forge, read
from tests.support.xades import Properties, named

ROOT = pki.root()
SHORT = issue(
    ROOT,
    subject_common_name="Cơ quan",
    subject_serial_number=pki.AGENCY_CODE,
    not_before=pki.AT - pki.DAY,
    not_after=pki.AT + pki.DAY,
    key_type=KeyType.EC_P256,
)
SIGNED = forge()
LATER = pki.AT + 10 * pki.DAY


def at(
    xml: bytes,
    moment: datetime = pki.AT,
    *,
    existed_at: datetime | None = None,
    trust: Trust | None = None,
    policy: str = "",
) -> Verdict:
    """Return the verdict on a document."""
    trust = trust or pki.trust()
    if policy:
        trust = replace(trust, policy=read_policy(f'name = "test"\nversion = 1\n{policy}'.encode()))
    return verify(read(xml), trust=trust, at=moment, existed_at=existed_at)


def again(verdict: Verdict, **options: object) -> Verdict:
    """Judge what was recorded of a verdict."""
    recorded = json.loads(json.dumps(verdict.evidence.as_json()))
    settings = {"trust": pki.trust(), "at": verdict.control_time, **options}
    return judge_evidence(Evidence.read(recorded), **settings)  # type: ignore[arg-type]  # a test's options


BROKEN = SIGNED.replace(b"V/v", b"v/v")
OTHERS = (
    UNSIGNED,
    BROKEN,
    SIGNED.replace(b"<ds:Signature ", b"<!--x--><ds:Signature Id='a' Bad='b' "),
    forge(Recipe(method=MORE + "ecdsa-sha1")),
    forge(Recipe(identity=SHORT)),
)


@pytest.mark.parametrize("xml", [SIGNED, *OTHERS], ids=range(len(OTHERS) + 1))
def test_evidence_is_judged_as_the_document_was(xml: bytes) -> None:
    """Recorded evidence gives the same verdict under the same trust, time and policy."""
    first = at(xml)
    second = again(first)

    assert second.facts() == first.facts()
    assert [str(error) for error in second.errors] == [str(error) for error in first.errors]
    assert second.signed_view is None


def test_a_changed_document_never_passes_again() -> None:
    """No trust and no time mends a digest that is wrong."""
    verdict = at(BROKEN)

    assert codes(verdict) == ["digest_mismatch"]
    assert codes(again(verdict, at=LATER)) == ["digest_mismatch"]


def test_who_was_not_trusted_then_was_not_examined() -> None:
    """A path that is there only now does not make up for a digest that nobody looked at."""
    verdict = at(SIGNED, trust=Trust(anchors=()))
    judged = again(verdict)

    assert codes(judged) == ["unexamined"]
    assert (judged.indication, judged.sub_indication) == (Indication.INDETERMINATE, SubIndication.TRY_LATER)


def test_evidence_without_a_signer_is_no_pass() -> None:
    """Nobody stands behind a record that names no signer, whatever else it lacks."""
    evidence = replace(at(SIGNED).evidence, signers=())
    judged = judge_evidence(evidence, trust=pki.trust(), at=pki.AT)

    assert codes(judged) == ["unexamined"]
    assert judged.indication is Indication.INDETERMINATE


def test_evidence_of_another_version() -> None:
    """What this software cannot read it does not guess at."""
    with pytest.raises(ValueError, match="version"):
        Evidence.read({**at(SIGNED).evidence.as_json(), "v": 99})


def test_an_error_that_is_not_known_any_more_is_still_one() -> None:
    """Evidence from another release can name an error that is gone; it must not turn into a pass."""
    recorded = at(SIGNED).evidence.as_json()
    recorded["errors"] = [{"code": "certs.of_old", "xpath": None, "line": None, "facts": {}}]

    judged = judge_evidence(Evidence.read(recorded), trust=pki.trust(), at=pki.AT)
    assert judged.indication is Indication.INDETERMINATE


def test_our_own_record_proves_that_it_existed() -> None:
    """A certificate that has expired since counts at the moment at which the document is known to have existed."""
    xml = forge(Recipe(identity=SHORT))
    now, then = at(xml, LATER), at(xml, LATER, existed_at=pki.AT)

    assert codes(now) == ["certificate_expired"]
    assert (now.moment.at, now.moment.source) == (LATER, TimeSource.CONTROL)
    assert codes(then) == []
    assert (then.moment.at, then.moment.source) == (pki.AT, TimeSource.RECEIPT)
    assert then.control_time == LATER


def test_a_record_from_the_future_proves_nothing() -> None:
    """The moment of the judgement is the latest that counts."""
    assert at(SIGNED, pki.AT, existed_at=LATER).moment.source is TimeSource.CONTROL


def _trust(reason: x509.ReasonFlags, since: datetime) -> Trust:
    entry = revoked(pki.signer()[0], since=since, reason=reason)
    listed = crl(ROOT, entry, this_update=LATER - pki.DAY)
    return replace(pki.trust(), lists=(list_of(listed),))


def test_revoked_before_it_existed() -> None:
    """A revocation counts from its date on."""
    verdict = at(
        SIGNED, LATER, existed_at=pki.AT, trust=_trust(x509.ReasonFlags.superseded, pki.AT - pki.DAY)
    )
    assert codes(verdict) == ["certificate_revoked"]


def test_revocation_is_told_once() -> None:
    """Whoever is revoked is refused for that; nothing more is weighed, not even why."""
    verdict = at(
        SIGNED, LATER, existed_at=pki.AT, trust=_trust(x509.ReasonFlags.key_compromise, pki.AT - pki.DAY)
    )
    assert codes(verdict) == ["certificate_revoked"]
    assert (verdict.warnings, verdict.notes) == ((), ())


def test_revoked_since() -> None:
    """What was signed and known before passes, and the verdict says so."""
    verdict = at(
        SIGNED, LATER, existed_at=pki.AT, trust=_trust(x509.ReasonFlags.superseded, pki.AT + pki.DAY)
    )

    assert codes(verdict) == []
    assert "certs.revoked_since" in [warning.code for warning in verdict.warnings]


def test_revoked_from_a_later_day_on() -> None:
    """A list may name a day that has not come yet; until then there is nothing to say."""
    verdict = at(SIGNED, LATER, existed_at=pki.AT, trust=_trust(x509.ReasonFlags.superseded, LATER + pki.DAY))

    assert codes(verdict) == []
    assert "certs.revoked_since" not in [warning.code for warning in verdict.warnings]


@pytest.mark.parametrize("reason", [x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise])
def test_a_compromised_key_signs_in_the_past(reason: x509.ReasonFlags) -> None:
    """Our own record does not prove when it was signed; only a timestamp would."""
    verdict = at(SIGNED, LATER, existed_at=pki.AT, trust=_trust(reason, pki.AT + pki.DAY))
    assert (verdict.indication, codes(verdict)) == (Indication.INDETERMINATE, ["certificate_revoked"])


@pytest.mark.parametrize(
    ("policy", "recipe", "expected"),
    [
        ('[crypto]\nsignatures = ["rsa-sha256"]', Recipe(), "not_in_policy"),
        ('[crypto]\ndigests = ["sha512"]', Recipe(), "not_in_policy"),
        ('[crypto]\ncanonical_forms = ["c14n"]', Recipe(), "not_in_policy"),
        (
            "[crypto]\nrsa_min = 3072",
            Recipe(identity=pki.signer(KeyType.RSA_2048), method=MORE + "rsa-sha256"),
            "not_in_policy",
        ),
        ("[crypto.retired]\necdsa-sha256 = 2026-07-01", Recipe(), "algorithm_retired"),
        ("[crypto.retired]\nsha256 = 2020-01-01", Recipe(), "algorithm_retired"),
        ('[checks]\n"certs.no_timestamp" = "fail"', Recipe(), "no_timestamp"),
        (
            '[checks]\n"certs.old_padding" = "fail"',
            Recipe(identity=pki.signer(KeyType.RSA_2048), method=MORE + "rsa-sha256"),
            "old_padding",
        ),
        ('[revocation]\nmode = "require"', Recipe(), "revocation_unknown"),
    ],
)
def test_a_policy_can_ask_for_more(policy: str, recipe: Recipe, expected: str) -> None:
    """A sound signature does not pass where the policy wants another one; without the policy it does."""
    xml = forge(recipe)
    verdict = at(xml, policy=policy)

    assert codes(at(xml)) == []
    assert codes(verdict) == [expected]
    assert verdict.indication is Indication.INDETERMINATE
    assert verdict.signed_view is None
    assert verdict.policy.startswith("test-v1@sha256:")


@pytest.mark.parametrize("level", list(Level))
def test_a_level_says_what_a_finding_means(level: Level) -> None:
    """The same finding decides, warns, or is only noted."""
    verdict = at(SIGNED, policy=f'[checks]\n"certs.no_timestamp" = "{level}"')
    places = {Level.FAIL: verdict.errors, Level.WARN: verdict.warnings, Level.INFORM: verdict.notes}

    for each, found in places.items():
        assert ("certs.no_timestamp" in [one.code for one in found]) is (each is level)


def _claiming(time: str) -> bytes:
    said = f"<xades:SigningTime>{time}</xades:SigningTime>"
    return Properties(content=said + named()).signed()


@pytest.mark.parametrize(
    ("claimed", "is_possible"),
    [
        ("2026-07-01T00:01:00Z", True),
        ("2026-07-01T07:01:00+07:00", True),
        ("2026-07-01T00:01:00", True),
        ("2026-07-01T00:01:01Z", False),
        ("2026-07-01T00:01:01", False),
        ("2025-06-30T23:59:00Z", True),
        ("2025-06-30T23:58:59Z", False),
        ("2026-02-30T00:00:00Z", False),
    ],
)
def test_a_time_at_which_nobody_can_have_signed(claimed: str, is_possible: bool) -> None:
    """The signer's own word proves nothing, but one that cannot be true is told: before its certificate, or after we had it."""
    verdict = at(_claiming(claimed), policy="[time]\nskew_s = 60")

    assert codes(verdict) == []
    assert ("certs.claimed_time" not in [warning.code for warning in verdict.warnings]) is is_possible


def test_an_algorithm_that_is_retired_later_still_counts() -> None:
    """Retirement is for what is signed from then on."""
    assert codes(at(SIGNED, policy="[crypto.retired]\necdsa-sha256 = 2026-07-02")) == []


def test_in_soft_mode_what_is_unknown_is_noted() -> None:
    """A reader of the verdict sees that nobody knew whether the certificate was revoked."""
    trust = replace(pki.trust(), revocation=Revocation.SOFT)
    assert "certs.revocation_unknown" in [note.code for note in at(SIGNED, trust=trust).notes]


def test_a_list_from_between_tells_of_before() -> None:
    """Where revocation must be known, a list that was issued after the document came decides about it."""
    held = (list_of(crl(ROOT, this_update=LATER - pki.DAY)),)
    trust = replace(pki.trust(), lists=held, revocation=Revocation.REQUIRE)

    assert codes(at(SIGNED, LATER, existed_at=pki.AT, trust=trust)) == []
    assert codes(at(SIGNED, pki.AT, trust=trust)) == ["revocation_unknown"]


def test_a_list_from_after_the_end_tells_nothing() -> None:
    """An authority drops certificates that have expired from its lists."""
    held = (list_of(crl(ROOT, this_update=LATER - pki.DAY)),)
    trust = replace(pki.trust(), lists=held, revocation=Revocation.REQUIRE)
    verdict = at(forge(Recipe(identity=SHORT)), LATER, existed_at=pki.AT, trust=trust)

    assert codes(verdict) == ["revocation_unknown"]


@given(
    levels=st.dictionaries(st.sampled_from(sorted(CHECKS)), st.sampled_from(list(Level))),
    which=st.integers(0, len(OTHERS) - 1),
)
def test_no_policy_makes_a_bad_signature_pass(levels: dict[str, Level], which: int) -> None:
    """Levels concern sound signatures; LATER is after the end of the one certificate that was good."""
    checks = "[checks]\n" + "".join(f'"{name}" = "{level}"\n' for name, level in levels.items())
    assert at(OTHERS[which], LATER, policy=checks).indication is not Indication.TOTAL_PASSED
