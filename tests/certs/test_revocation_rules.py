"""The rules of RFC 5280 §5 and §6.3 on revocation lists, in the order of the public tests for paths (PKITS 4.4, 4.14, 4.15)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from certs.errors_revocation import BadRevocationListError, RevocationUnknownError
from certs.issue import Authority, issue_authority, new_root
from certs.revocation import (
    Revocation,
    RevocationData,
    RevocationList,
    Standing,
    Status,
    objection_to,
    status_of,
    statuses_of,
)
from certs.rules import RevocationGap, RevocationReason
from tests.support import pki
from tests.support.crl import crl, read, revoked, scope

AT, DAY = pki.AT, pki.DAY
ROOT = pki.root()
SIGNER, _ = pki.signer()
HOLD = x509.ReasonFlags.certificate_hold
COMPROMISE = x509.ReasonFlags.key_compromise
POINT = x509.UniformResourceIdentifier("http://crl.example.vn/1.crl")
OTHER_POINT = x509.UniformResourceIdentifier("http://crl.example.vn/2.crl")
EVERY = frozenset(x509.ReasonFlags) - {x509.ReasonFlags.unspecified, x509.ReasonFlags.remove_from_crl}


def status(*lists: RevocationList, at: datetime = AT, of: x509.Certificate = SIGNER) -> Status:
    """Return the status of a certificate that the root issued."""
    return status_of(of, issuer=ROOT.certificate, held=RevocationData(lists=lists), at=at)


def number(value: int) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """Return a CRLNumber."""
    return ((x509.CRLNumber(value), False),)


def delta(
    *entries: x509.RevokedCertificate, base: int = 1, is_number: int = 2, **changes: object
) -> RevocationList:
    """Return a delta list of the root."""
    extensions = (*number(is_number), (x509.DeltaCRLIndicator(base), True))
    made = crl(ROOT, *entries, **{"extensions": extensions, "this_update": AT, **changes})  # type: ignore[arg-type]  # the call checks
    return read(made)


def complete(*entries: x509.RevokedCertificate, is_number: int = 1, **changes: object) -> RevocationList:
    """Return a complete list of the root with a number."""
    return read(crl(ROOT, *entries, **{"extensions": number(is_number), **changes}))  # type: ignore[arg-type]  # the call checks


# 4.4: basic rules.


def test_number_must_not_shrink() -> None:
    """A list that looks newer but has a smaller number replaces nothing: what the higher number names stays revoked."""
    high = complete(revoked(SIGNER), is_number=8, this_update=AT - 2 * DAY)
    low = complete(is_number=7, this_update=AT - DAY)

    for order in ((high, low), (low, high)):
        assert status(*order).standing is Standing.REVOKED
    newer = complete(is_number=9, this_update=AT - DAY)
    assert status(high, newer).standing is Standing.GOOD


def test_dates_of_invalidity() -> None:
    """When a key may have been stolen is noted by the authority and does not move the date of revocation."""
    since = x509.InvalidityDate(datetime(2020, 1, 1))  # noqa: DTZ001 - the library wants it so
    entry = revoked(SIGNER, since=AT, extensions=((since, False),))
    assert status(read(crl(ROOT, entry)), at=AT - timedelta(seconds=1)).standing is Standing.GOOD
    assert status(read(crl(ROOT, entry))).standing is Standing.REVOKED


# 4.14: distribution points and scopes.


def point(
    full: list[x509.GeneralName] | None = None,
    *,
    relative: x509.RelativeDistinguishedName | None = None,
    reasons: frozenset[x509.ReasonFlags] | None = None,
) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """Return distribution points that name one place."""
    named = x509.DistributionPoint(full, relative, reasons, None)
    return ((x509.CRLDistributionPoints([named]), False),)


def test_relative_names() -> None:
    """A name relative to the issuer's is the same as that name in full, on either side."""
    part = x509.NameAttribute(x509.NameOID.COMMON_NAME, "Phân vùng 1")
    relative = x509.RelativeDistinguishedName([part])
    full: list[x509.GeneralName] = [x509.DirectoryName(x509.Name([*ROOT.certificate.subject, part]))]
    lists = (
        read(crl(ROOT, extensions=scope(relative_name=relative))),
        read(crl(ROOT, extensions=scope(full_name=full))),
    )
    for taken in lists:
        for named in (point(relative=relative), point(full)):
            assert status(taken, of=pki.certificate(ROOT, extensions=named)).standing is Standing.GOOD
        assert status(taken, of=pki.certificate(ROOT, extensions=point([POINT]))).gap is RevocationGap.MISSING
        assert status(taken).gap is RevocationGap.MISSING


def test_some_reasons() -> None:
    """A list about some reasons revokes, and makes good only together with lists about all the others."""
    some = frozenset({COMPROMISE, x509.ReasonFlags.ca_compromise})
    first = read(crl(ROOT, extensions=scope(only_some_reasons=some)))
    rest = read(crl(ROOT, extensions=scope(only_some_reasons=EVERY - some)))
    naming = read(crl(ROOT, revoked(SIGNER, reason=HOLD), extensions=scope(only_some_reasons=EVERY - some)))
    stale = read(crl(ROOT, this_update=AT - 9 * DAY, extensions=scope(only_some_reasons=EVERY - some)))

    assert status(first).gap is RevocationGap.MISSING
    assert status(first, rest).standing is Standing.GOOD
    assert status(first, stale).gap is RevocationGap.STALE
    assert status(first, naming).standing is Standing.REVOKED
    assert status(naming).standing is Standing.REVOKED


def test_reasons_of_distribution_points() -> None:
    """A point that a certificate names for some reasons is good for these reasons only."""
    some = frozenset({COMPROMISE})
    first = x509.DistributionPoint([POINT], None, some, None)
    rest = x509.DistributionPoint([OTHER_POINT], None, EVERY - some, None)
    certificate = pki.certificate(ROOT, extensions=((x509.CRLDistributionPoints([first, rest]), False),))
    one = read(crl(ROOT, extensions=scope(full_name=[POINT])))
    other = read(crl(ROOT, extensions=scope(full_name=[OTHER_POINT])))

    assert status(one, of=certificate).gap is RevocationGap.MISSING
    assert status(one, other, of=certificate).standing is Standing.GOOD
    assert status(read(crl(ROOT)), of=certificate).standing is Standing.GOOD


def test_indirect_lists() -> None:
    """Of a list about several issuers' certificates only whom it names of its own issuer's counts; it makes nobody good."""
    own, foreign = (
        (x509.CertificateIssuer([x509.DirectoryName(name)]), True)
        for name in (ROOT.certificate.subject, pki.authority().certificate.subject)
    )
    other = pki.certificate(ROOT)
    third = pki.certificate(ROOT)
    taken = read(
        crl(
            ROOT,
            revoked(pki.certificate(ROOT)),
            revoked(SIGNER, extensions=(foreign,)),
            revoked(third),  # still of the issuer named last
            revoked(other, extensions=(own,)),
            extensions=scope(indirect_crl=True),
        )
    )
    assert len(taken.entries) == 2
    assert status(taken).standing is Standing.UNKNOWN
    assert status(taken, of=third).standing is Standing.UNKNOWN
    assert status(taken, of=other).standing is Standing.REVOKED
    below = pki.certificate(pki.authority())
    evidence = RevocationData(lists=(taken,))
    found = status_of(below, issuer=pki.authority().certificate, held=evidence, at=AT)
    assert found.gap is RevocationGap.MISSING


# 4.15: delta lists.


def test_delta_without_its_base() -> None:
    """A delta list alone makes nobody good; whom it names is revoked, with or without a list that it goes on from."""
    assert status(delta()).gap is RevocationGap.MISSING
    assert status(delta(revoked(SIGNER))).standing is Standing.REVOKED
    assert status(complete(), delta(revoked(SIGNER))).standing is Standing.REVOKED
    unrelated = delta(revoked(SIGNER), base=5, is_number=6)
    assert status(complete(), unrelated).standing is Standing.REVOKED


def test_delta_changes_nothing_by_silence() -> None:
    """Who is on neither is good, and who is on the complete list stays revoked."""
    assert status(complete(), delta()).standing is Standing.GOOD
    assert status(complete(revoked(SIGNER)), delta()).standing is Standing.REVOKED


def test_delta_lifts_a_hold() -> None:
    """Only a hold can be taken back, only from the list that the delta goes on from, and only while the delta is in force."""
    lifting = revoked(SIGNER, reason=x509.ReasonFlags.remove_from_crl)
    held = complete(revoked(SIGNER, reason=HOLD))

    assert status(held, delta(lifting)).standing is Standing.GOOD
    assert status(held, delta(lifting)).entry is None
    assert status(complete(revoked(SIGNER)), delta(lifting)).standing is Standing.REVOKED
    assert status(held, delta(lifting, base=2, is_number=3)).standing is Standing.REVOKED
    assert status(held, delta(lifting, this_update=AT - 9 * DAY)).standing is Standing.REVOKED
    elsewhere = read(crl(ROOT, revoked(SIGNER, reason=HOLD), extensions=scope(only_contains_user_certs=True)))
    assert status(elsewhere, delta(lifting)).standing is Standing.REVOKED
    # Held, and then revoked for good.
    assert status(held, delta(revoked(SIGNER, reason=COMPROMISE))).standing is Standing.REVOKED


def test_delta_keeps_its_base_in_force() -> None:
    """A complete list that is past its next update is in force as long as a delta list that goes on from it is."""
    old = complete(this_update=AT - 8 * DAY)

    assert status(old).gap is RevocationGap.STALE
    assert status(old, delta()).standing is Standing.GOOD
    assert status(old, delta(base=2, is_number=3)).gap is RevocationGap.STALE
    assert status(old, delta(), at=AT + 8 * DAY).gap is RevocationGap.STALE


def test_newer_complete_list_replaces_a_delta() -> None:
    """What a delta list said is over when a complete list with a higher number has come."""
    newer = complete(is_number=3, this_update=AT)
    assert status(newer, delta(revoked(SIGNER, reason=HOLD), this_update=AT - DAY)).standing is Standing.GOOD
    assert (
        status(complete(is_number=1, this_update=AT), delta(revoked(SIGNER, reason=HOLD))).standing
        is Standing.REVOKED
    )


def test_what_is_unknown_objects_only_where_it_must_be_known() -> None:
    """Nothing held is an objection in one mode alone."""
    path = (SIGNER, ROOT.certificate)
    statuses = statuses_of(path, held=RevocationData(), at=AT)

    assert isinstance(objection_to(path, statuses, revocation=Revocation.REQUIRE), RevocationUnknownError)
    assert objection_to(path, statuses, revocation=Revocation.SOFT) is None


# A new key of the same authority.


def _renewed(name: x509.Name, by: Authority, **changes: object) -> Authority:
    key = pki.key()
    facts = {"is_authority": True, "key_usage": pki.usage("key_cert_sign", "crl_sign"), **changes}
    return Authority(certificate=pki.certificate(by, name=name, public_key=key, **facts), key=key)  # type: ignore[arg-type]  # the call checks


def _under(path: tuple[x509.Certificate, ...], *lists: RevocationList, at: datetime = AT) -> Standing:
    return statuses_of(path, held=RevocationData(lists=lists), at=at)[0].standing


def test_new_key_vouched_for_from_above() -> None:
    """Lists signed with another key of an authority count if whoever is above it in the path issued both certificates."""
    old = pki.authority()
    new = _renewed(old.certificate.subject, ROOT)
    leaf = pki.certificate(old)
    path = (leaf, old.certificate, ROOT.certificate)
    good, bad = read(crl(new), new.certificate), read(crl(new, revoked(leaf)), new.certificate)

    assert _under(path, good) is Standing.GOOD
    assert _under(path, bad) is Standing.REVOKED
    # Not where the path leads elsewhere, nor without a path, nor after the new certificate was revoked or is out of date.
    other = new_root("Gốc khác", AT - pki.YEAR)
    assert _under((leaf, old.certificate, other.certificate), good) is Standing.UNKNOWN
    assert _under(path[:2], good) is Standing.UNKNOWN
    assert _under(path, good, read(crl(ROOT, revoked(new.certificate)))) is Standing.UNKNOWN
    for dates in ({"not_after": AT - DAY}, {"not_before": AT + DAY}):
        other_time = _renewed(old.certificate.subject, ROOT, **dates)
        assert _under(path, read(crl(other_time), other_time.certificate)) is Standing.UNKNOWN
    for usage in (None, pki.usage("key_cert_sign")):
        silent = _renewed(old.certificate.subject, ROOT, key_usage=usage)
        if usage is None:
            assert _under(path, read(crl(silent), silent.certificate)) is Standing.UNKNOWN
            continue
        with pytest.raises(BadRevocationListError, match="cRLSign"):
            read(crl(silent), silent.certificate)


def test_new_key_vouched_for_by_the_old_one() -> None:
    """Below an anchor it is the old key's word that counts; a namesake of its own making says nothing."""
    leaf = pki.certificate(ROOT)
    path = (leaf, ROOT.certificate)
    new = _renewed(ROOT.certificate.subject, ROOT)

    assert _under(path, read(crl(new), new.certificate)) is Standing.GOOD
    assert _under(path, read(crl(new, revoked(leaf)), new.certificate)) is Standing.REVOKED
    assert _under(path, read(crl(new, revoked(new.certificate)), new.certificate)) is Standing.UNKNOWN
    stranger = pki.stranger()
    assert _under(path, read(crl(stranger), stranger.certificate)) is Standing.UNKNOWN
    below = issue_authority(stranger, "x", not_before=AT - DAY, not_after=AT + DAY)
    namesake = _renewed(ROOT.certificate.subject, below)
    assert _under(path, read(crl(namesake), namesake.certificate)) is Standing.UNKNOWN


def test_new_key_that_the_old_one_took_back() -> None:
    """Also below another authority: whoever vouched for the new key may say that it is not to be trusted any more."""
    old = pki.authority()
    leaf = pki.certificate(old)
    path = (leaf, old.certificate, ROOT.certificate)
    new = _renewed(old.certificate.subject, old)
    listed = read(crl(new), new.certificate)
    stale = crl(old, revoked(new.certificate), this_update=AT - 3 * DAY, next_update=AT - 2 * DAY)

    assert _under(path, listed) is Standing.GOOD
    assert _under(path, listed, read(stale, old.certificate)) is Standing.UNKNOWN


# Laws.

HOURS = st.integers(-400, 400).map(lambda hours: AT + timedelta(hours=hours))
REASONS = st.sampled_from([RevocationReason.UNSPECIFIED, RevocationReason.CERTIFICATE_HOLD])
LISTED = st.tuples(
    HOURS,
    st.integers(1, 400),
    st.integers(1, 6),
    st.none() | st.tuples(HOURS, REASONS),
    st.none() | st.integers(1, 6),
)
MODEL = read(crl(ROOT, revoked(SIGNER)))
Described = tuple[datetime, int, int, tuple[datetime, RevocationReason] | None, int | None]


def _made(place: int, described: Described, *, named: bool = True) -> RevocationList:
    this, hours, value, entry, base = described
    model = MODEL.entries[SIGNER.serial_number]
    entries = {SIGNER.serial_number: type(model)(since=entry[0], reason=entry[1])} if entry and named else {}
    return RevocationList(
        sha256=f"{place:064x}",
        authority=MODEL.authority,
        issuer=MODEL.issuer,
        this_update=this,
        next_update=this + timedelta(hours=hours),
        number=value,
        scope=MODEL.scope,
        entries=entries,
        base=base,
    )


@given(lists=st.lists(LISTED, max_size=4), at=HOURS)
def test_an_entry_never_makes_better(lists: list[Described], at: datetime) -> None:
    """With an entry in it a list never leads to good where it did not without."""
    silent = status(*(_made(place, each, named=False) for place, each in enumerate(lists)), at=at)
    telling = status(*(_made(place, each) for place, each in enumerate(lists)), at=at)
    if silent.standing is not Standing.GOOD:
        assert telling.standing is not Standing.GOOD


@given(lists=st.lists(LISTED, max_size=4), at=HOURS, of=st.booleans())
def test_good_needs_a_complete_list(lists: list[Described], at: datetime, of: bool) -> None:
    """Good needs a complete list that had been issued and is in force, by itself or through a delta list."""
    held = [_made(place, each, named=of) for place, each in enumerate(lists)]
    found = status(*held, at=at)
    if found.standing is Standing.GOOD:
        source = found.source
        assert isinstance(source, RevocationList)
        assert source.base is None
        deltas = [each for each in held if each.continues(source)]
        assert any(each.next_update >= at for each in (source, *deltas))


def test_look_up_does_not_walk() -> None:
    """A thousand lists and answers of other authorities cost a look-up nothing: it is by authority."""
    evidence = RevocationData(lists=(MODEL,))
    assert evidence.own_lists(ROOT.certificate) == (MODEL,)
    assert evidence.own_lists(pki.stranger().certificate) == ()
    both = evidence.joined(RevocationData(lists=(complete(),)))
    assert len(both.own_lists(ROOT.certificate)) == 2
    assert evidence.joined(RevocationData()) is evidence
    assert bool(evidence)
    assert not RevocationData()
    assert read(crl(ROOT, encoding=Encoding.PEM)).authority == MODEL.authority
