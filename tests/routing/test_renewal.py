"""Renewal: what replaces what, what ends, who still signs with the old certificate, and what the sender hears."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.agencies import Directory
from routing.binding import bind_signer
from routing.registration_changes import Revoke, Suspend, changed
from routing.registrations import Registration
from routing.renewal import endings, remarks, still_old, successors
from tests.routing.test_binding_registrations import a_signer
from tests.support.registry import AFTER, BEFORE, a_directory, an_agency

DAY = timedelta(days=1)
OLD = Registration(certificate_sha256="aa" * 32, certificate_ends=BEFORE + 20 * DAY)
NEW = Registration(certificate_sha256="bb" * 32, certificate_ends=BEFORE + 400 * DAY, replaces=OLD.id)
NEWEST = Registration(certificate_sha256="cc" * 32, certificate_ends=BEFORE + 800 * DAY, replaces=NEW.id)


def directory_with(*registrations: Registration) -> Directory:
    """Return a directory in which one agency has these registrations."""
    return a_directory(agencies=[an_agency("H26"), an_agency("H26.2", certificates=registrations)])


def told(
    *registrations: Registration, ends: datetime = BEFORE + 400 * DAY, at: datetime = BEFORE
) -> list[str]:
    """Return what the sender hears who signs with OLD."""
    agency, signer = an_agency("H26.2", certificates=registrations), a_signer(not_after=ends)
    return [each.code for each in remarks(signer, agency, bind_signer(signer, agency, at=at), at=at)]


@given(st.permutations([OLD, NEW, NEWEST]))
def test_successors_through_others(order: list[Registration]) -> None:
    """What replaces what replaces it is newer, too; whatever the order."""
    assert {each.id for each in successors(OLD, order, BEFORE)} == {NEW.id, NEWEST.id}
    assert successors(NEW, order, BEFORE) == (NEWEST,)
    assert successors(NEWEST, order, BEFORE) == ()


def test_only_what_is_in_force_replaces() -> None:
    """A successor that is to come, or was stopped, makes nobody old; one behind it still does."""
    coming = replace(NEW, valid_from=AFTER)
    revoked = changed(NEW, Revoke(reason="x"), at=BEFORE)
    assert successors(OLD, [OLD, coming], BEFORE) == ()
    assert successors(OLD, [OLD, revoked], BEFORE) == ()
    assert successors(OLD, [OLD, revoked, NEWEST], BEFORE) == (NEWEST,)


def test_a_ring_of_replacements_ends() -> None:
    """Registrations that replace each other are both newer than the other, and the search comes to an end."""
    other = Registration(certificate_sha256="bb" * 32, replaces=OLD.id)
    ring = replace(OLD, replaces=other.id)
    assert successors(ring, [ring, other], BEFORE) == (other,)


def test_the_sender_hears_of_the_old_certificate() -> None:
    """A newer one in force is a warning; two at once that replace nothing are not."""
    assert told(OLD, NEW) == ["certs.old_certificate"]
    assert told(OLD, replace(NEW, replaces=None)) == []
    assert told(OLD, replace(NEW, valid_from=AFTER)) == []


@pytest.mark.parametrize(("days", "said"), [(31, False), (30, True), (1, True)])
def test_the_sender_hears_of_the_end(days: int, said: bool) -> None:
    """Thirty days before, by the certificate or by the registration; a successor that is registered quiets it."""
    expected = ["certs.certificate_ends_soon"] if said else []
    soon = BEFORE + days * DAY
    assert told(OLD, ends=soon) == expected
    assert told(replace(OLD, valid_to=soon)) == expected
    assert told(ends=soon) == expected
    assert told(OLD, NEW, ends=soon) == ["certs.old_certificate"]


def test_what_ends_soonest_comes_first() -> None:
    """By interval or by certificate, whichever ends first; revoked ones do not end any more."""
    directory = directory_with(
        replace(NEW, replaces=None),
        replace(OLD, certificate_sha256="dd" * 32, valid_to=BEFORE + 10 * DAY),
        OLD,
        changed(replace(OLD, certificate_sha256="ee" * 32), Revoke(reason="x"), at=BEFORE),
        Registration(certificate_sha256="ff" * 32),
    )
    found = endings(directory, at=BEFORE, within=90 * DAY)
    assert [(each.at - BEFORE) // DAY for each in found] == [10, 20]
    assert [each.by_certificate for each in found] == [False, True]
    assert [each.agency.code for each in found] == ["H26.2", "H26.2"]


def test_what_ended_is_shown_while_nothing_else_counts() -> None:
    """An agency that can no longer sign stays on the list; one that has another certificate does not."""
    later = BEFORE + 30 * DAY
    alone, with_new = directory_with(OLD), directory_with(OLD, NEW)
    beside = directory_with(OLD, replace(NEW, replaces=None))
    stopped = directory_with(OLD, changed(NEW, Suspend(reason="x"), at=BEFORE))
    assert [each.registration for each in endings(alone, at=later, within=DAY)] == [OLD]
    assert [each.registration for each in endings(stopped, at=later, within=DAY)] == [OLD]
    assert endings(with_new, at=later, within=DAY) == ()
    assert endings(beside, at=later, within=DAY) == ()


def test_who_still_signs_with_the_old_certificate() -> None:
    """Only if it was seen after its successor came into force, and still counts."""
    new = replace(NEW, valid_from=BEFORE)
    directory, late, early = directory_with(OLD, new), BEFORE + DAY, BEFORE - DAY
    key = (an_agency("H26.2").entity_id, OLD.certificate_sha256)
    (found,) = still_old(directory, at=AFTER + DAY, seen={key: late})
    assert (found.registration, found.successors, found.last_seen) == (OLD, (new,), late)
    assert still_old(directory, at=AFTER + DAY, seen={key: early}) == ()
    assert still_old(directory, at=AFTER + DAY, seen={}) == ()
    assert still_old(directory, at=AFTER + DAY, seen={("another", key[1]): late}) == ()
    revoked = directory_with(changed(OLD, Revoke(reason="x"), at=AFTER), new)
    assert still_old(revoked, at=AFTER + DAY, seen={key: late}) == ()
