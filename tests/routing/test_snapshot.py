"""Snapshots and deltas: what was signed comes back, and whatever else is refused, with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from certs.certificate import fingerprint
from certs.issue import issue, new_root
from routing.agencies import Agency
from routing.canonical import canonical_json, read_canonical_json
from routing.errors_log import LogError, StatementKeyUnknown, StatementSignatureInvalid
from routing.errors_snapshot import (
    DeltaMismatchError,
    SnapshotAlteredError,
    SnapshotDiffersError,
    SnapshotEarlyError,
    SnapshotError,
    SnapshotExpiredError,
    SnapshotForeignError,
    SnapshotMalformedError,
    SnapshotOlderError,
)
from routing.note import Verifier
from routing.registrations import IssuerBy, RegisteredBy, Registration, Revocation, SubjectProfile, Suspension
from routing.registry_hash import agency_line
from routing.snapshot import (
    LIFE,
    LONGEST_LIFE,
    SKEW,
    SNAPSHOT,
    Known,
    body_of,
    delta_body,
    open_delta,
    open_snapshot,
    sign_header,
)
from routing.snapshot_lines import Certificate, Item, completed, content_sha256, read_line, write_line
from routing.statement import sign_statement
from tests.support.registry import CUT_OVER, MEMBERS, an_agency, home_agencies

AT = datetime(2025, 7, 1, 2, 0, tzinfo=UTC)
NAME = "gw.test/registry"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
VERIFIERS = (Verifier.of(NAME, KEY.public_key()),)


@cache
def certificate() -> Certificate:
    """Return the certificate of an agency."""
    found, _ = issue(
        new_root("Gốc", AT - timedelta(days=9)),
        subject_common_name="Cơ quan H26",
        subject_serial_number="H26",
        not_before=AT - timedelta(days=9),
        not_after=AT + timedelta(days=99),
    )
    return Certificate(sha256=fingerprint(found), pem=found.public_bytes(Encoding.PEM).decode())


def registered() -> Agency:
    """Return an agency with a registration of each kind, and with everything that can become of one."""
    profile = SubjectProfile(
        name="cn", issuer_by=IssuerBy.SPKI, issuer_sha256="ab" * 32, subject=(("CN", "Cơ quan"),)
    )
    sha256 = certificate().sha256
    return an_agency(
        "H27",
        certificates=(
            Registration(certificate_sha256=sha256, valid_to=CUT_OVER),
            Registration(certificate_sha256=sha256, by=RegisteredBy.PROFILE, profile=profile, replaces="x"),
            Registration(
                certificate_sha256=sha256,
                suspensions=(Suspension(since=AT, until=AT + LIFE, reason="mất", resumed_because="thấy"),),
                revocation=Revocation(since=AT, reason="lộ", compromised=True),
            ),
        ),
    )


def lines(*extra: Agency) -> list[bytes]:
    """Return the lines of a small registry."""
    items: tuple[Item, ...] = (*home_agencies(), *MEMBERS, registered(), certificate(), *extra)
    return sorted(map(write_line, items))


def file(
    content: Iterable[bytes] | None = None,
    *,
    version: int = 7,
    at: datetime = AT,
    key: Ed25519PrivateKey = KEY,
    name: str = NAME,
    sha256: str | None = None,
) -> bytes:
    """Return a snapshot."""
    chosen = lines() if content is None else list(content)
    body = body_of(chosen)
    stated = sha256 or content_sha256(chosen)
    header = sign_header(body, version=version, sha256_of_content=stated, at=at, key=key, key_name=name)
    return header + body


def delta(before: list[bytes], after: list[bytes], *, first: int = 7, second: int = 8) -> bytes:
    """Return a delta."""
    body = delta_body(before, after)
    since = Known(version=first, sha256=content_sha256(before))
    facts: dict[str, Any] = {"version": second, "sha256_of_content": content_sha256(after), "at": AT}
    return sign_header(body, since=since, key=KEY, key_name=NAME, **facts) + body


def known(content: list[bytes] | None = None, version: int = 7) -> Known:
    """Return what is known of a content."""
    return Known(version=version, sha256=content_sha256(lines() if content is None else content))


def test_what_was_signed_comes_back() -> None:
    """All of it: agencies with their registrations, members, certificates, in the order of the lines."""
    found = open_snapshot(file(), VERIFIERS, known=known(version=6), at=AT)

    assert list(found.lines) == lines()
    assert [write_line(each) for each in found.items] == lines()
    agencies = [each for each in found.items if isinstance(each, Agency)]
    assert {replace(each, certificates=()) for each in agencies} == {
        replace(each, certificates=()) for each in (*home_agencies(), registered())
    }
    [read] = [each for each in agencies if each.certificates]
    assert set(read.certificates) == set(registered().certificates)
    assert (found.header.version, found.header.registry) == (7, NAME)
    assert found.header.expires - found.header.issued == LIFE


def test_what_follows_from_a_certificate() -> None:
    """A registration that was read gets key and end from its certificate; without that it is of no use."""
    item = read_line(agency_line(registered()), row=2)
    assert isinstance(item, Agency)

    whole = completed(item.certificates[0], {certificate().sha256: certificate().pem})
    assert whole.certificate_ends == AT + timedelta(days=99)
    assert whole.spki_sha256
    with pytest.raises(SnapshotMalformedError, match="missing"):
        completed(item.certificates[0], {})
    sha256 = certificate().sha256
    other_key = Registration(certificate_sha256=sha256, by=RegisteredBy.SPKI, spki_sha256="00" * 32)
    with pytest.raises(SnapshotMalformedError, match="another key"):
        completed(other_key, {certificate().sha256: certificate().pem})


@given(st.data())
def test_any_changed_octet_is_refused(data: st.DataObject) -> None:
    """Wherever a bit of a snapshot is turned, nothing of it is returned."""
    whole = file()
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises((SnapshotError, LogError)):
        open_snapshot(bytes(changed), VERIFIERS, known=None, at=AT)


@given(st.data())
def test_any_changed_octet_of_a_delta_is_refused(data: st.DataObject) -> None:
    """The same holds for deltas."""
    whole = delta(lines(), lines(an_agency("H99")))
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises((SnapshotError, LogError)):
        open_delta(bytes(changed), VERIFIERS, known=known(), at=AT)


@given(st.integers(0, 60), st.sampled_from([b"", b"\n", b"{}\n"]))
def test_what_is_cut_or_longer_is_refused(cut: int, more: bytes) -> None:
    """Nothing may be missing at the end, and nothing may follow."""
    whole = file()
    changed = whole[: len(whole) - cut] + more

    if changed != whole:
        with pytest.raises((SnapshotError, LogError)):
            open_snapshot(changed, VERIFIERS, known=None, at=AT)


@pytest.mark.parametrize("data", [b"", b"\n", b"[]\n", b"{}\n", b"{" * 100_000, b"\xff\n", b"null\n"])
def test_what_is_no_snapshot(data: bytes) -> None:
    """Anything else is refused in words."""
    with pytest.raises((SnapshotError, LogError)):
        open_snapshot(data, VERIFIERS, known=None, at=AT)


def test_who_signs() -> None:
    """Only a key that the reader brought counts, and it signs for its own registry alone."""
    with pytest.raises(StatementKeyUnknown):
        open_snapshot(file(key=OTHER), VERIFIERS, known=None, at=AT)
    forged = file(key=OTHER).replace(
        Verifier.of(NAME, OTHER.public_key()).label.encode(), VERIFIERS[0].label.encode()
    )
    with pytest.raises(StatementSignatureInvalid):
        open_snapshot(forged, VERIFIERS, known=None, at=AT)


def test_a_key_signs_for_its_own_registry() -> None:
    """A key that is trusted under one name says nothing of a registry of another name."""
    alias = Verifier.of("other/registry", KEY.public_key())
    body = body_of([])
    facts: dict[str, Any] = {"version": 1, "sha256_of_content": content_sha256([]), "at": AT, "key": KEY}
    header = sign_header(body, key_name="other/registry", **facts)
    assert open_snapshot(header, (alias,), known=None, at=AT).header.registry == "other/registry"

    signed = read_canonical_json(header.rstrip(b"\n"))
    stated = {**dict(signed["registry_snapshot"]), "registry": NAME}  # type: ignore[arg-type]
    mixed = canonical_json(sign_statement(SNAPSHOT, stated, key=KEY, key_name="other/registry")) + b"\n"
    with pytest.raises(SnapshotForeignError):
        open_snapshot(mixed, (alias,), known=None, at=AT)


def test_only_the_key_for_it_signs() -> None:
    """A key that a gateway has for something else does not sign its registry."""
    receipts = Verifier.of("gw.test/receipt", KEY.public_key())

    with pytest.raises(SnapshotForeignError):
        open_snapshot(file(name=receipts.name), (receipts,), known=None, at=AT)


def test_versions_never_go_back() -> None:
    """An older version is refused, and so is another content of the same one."""
    with pytest.raises(SnapshotOlderError):
        open_snapshot(file(version=6), VERIFIERS, known=known(), at=AT)
    with pytest.raises(SnapshotDiffersError):
        open_snapshot(file(lines(an_agency("H99"))), VERIFIERS, known=known(), at=AT)
    assert open_snapshot(file(), VERIFIERS, known=known(), at=AT).header.known == known()


@pytest.mark.parametrize(
    ("shift", "error"),
    [
        (LIFE - timedelta(seconds=1), None),
        (LIFE, SnapshotExpiredError),
        (-SKEW, None),
        (-SKEW - timedelta(seconds=1), SnapshotEarlyError),
    ],
)
def test_time(shift: timedelta, error: type[Exception] | None) -> None:
    """A snapshot is good from its signature on, but for clocks that differ a little, until it expires."""
    if error is None:
        assert open_snapshot(file(), VERIFIERS, known=None, at=AT + shift).header.issued == AT
    else:
        with pytest.raises(error):
            open_snapshot(file(), VERIFIERS, known=None, at=AT + shift)


def test_nobody_signs_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that would be good for longer than a week is not believed."""
    monkeypatch.setattr("routing.snapshot.LIFE", LONGEST_LIFE + timedelta(seconds=1))

    with pytest.raises(SnapshotMalformedError, match="too long"):
        open_snapshot(file(), VERIFIERS, known=None, at=AT)


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b'{"agency":{}}',
        b'{"agency":null}',
        b"[]",
        b'{"certificate":{"pem":"x","sha256":"y"}}',
        agency_line(an_agency()).replace(b'"kind"', b'"kinds"'),
        agency_line(an_agency()).replace(b'"valid_to":""', b'"valid_to":"2025"'),
        agency_line(an_agency()).replace(b"th", b"\\u0074h"),
        agency_line(an_agency()).replace(b":", b": ", 1),
        agency_line(an_agency()).replace(b'"active"', b'"merged"'),
        agency_line(registered()).replace(b"[[", b"[[1,"),
        b"x" * 300_000,
    ],
)
def test_lines_of_another_shape(line: bytes) -> None:
    """Also what was signed is refused if it is not in the one form that the content has."""
    with pytest.raises(SnapshotMalformedError):
        open_snapshot(file([line]), VERIFIERS, known=None, at=AT)


def test_a_hash_that_is_not_the_contents() -> None:
    """What is signed as the registry's hash must be that of the lines."""
    with pytest.raises(SnapshotAlteredError):
        open_snapshot(file(sha256="00" * 32), VERIFIERS, known=None, at=AT)


def test_a_delta_leads_on() -> None:
    """Held lines and a delta give the lines of the next version; both hashes are checked."""
    before = lines(an_agency("H98"))
    after = lines(an_agency("H99"))
    found = open_delta(delta(before, after), VERIFIERS, known=known(before), at=AT)

    assert list(found.apply(before)) == after
    assert found.header.known == known(after, 8)
    with pytest.raises(DeltaMismatchError):
        found.apply(after)
    with pytest.raises(SnapshotAlteredError):
        found.apply([*before, agency_line(an_agency("H97"))])


def test_an_empty_delta_extends() -> None:
    """That nothing changed is a statement, too."""
    found = open_delta(delta(lines(), lines(), second=7), VERIFIERS, known=known(), at=AT)

    assert (found.added, found.removed) == ((), ())
    assert found.apply(lines()) == tuple(lines())


def test_a_delta_from_elsewhere() -> None:
    """A delta that begins at another version, or at another content, is of no use; nor is a snapshot in its place."""
    made = delta(lines(), lines(an_agency("H99")))

    with pytest.raises(DeltaMismatchError):
        open_delta(made, VERIFIERS, known=known(version=6), at=AT)
    with pytest.raises(DeltaMismatchError):
        open_delta(made, VERIFIERS, known=known(lines(an_agency("H98"))), at=AT)
    with pytest.raises(LogError):
        open_delta(file(), VERIFIERS, known=known(), at=AT)
    with pytest.raises(LogError):
        open_snapshot(made, VERIFIERS, known=None, at=AT)


CODES = st.lists(st.sampled_from([f"H{number}" for number in range(10, 20)]), unique=True)


@given(CODES, CODES)
def test_deltas_lead_anywhere(first: list[str], second: list[str]) -> None:
    """Whatever two versions hold, the delta between them leads from one to the other."""
    before = sorted(agency_line(an_agency(code)) for code in first)
    after = sorted(agency_line(an_agency(code)) for code in second)

    found = open_delta(delta(before, after), VERIFIERS, known=known(before), at=AT)

    assert list(found.apply(before)) == after
