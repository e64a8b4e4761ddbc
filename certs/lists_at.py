"""What the lists about one authority say at a time (RFC 5280 §6.3.3).

Invariants:

- a list is replaced only by one of the same scope that is newer and whose number is not smaller;
- an entry on a younger list than the time asked about counts if its date does not: what is known must not be ignored because it
  became known later;
- a delta list takes back only a hold, only while it is in force, and only from the list that it goes on from (§5.2.4).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from certs.revocation_list import RevocationList
from certs.revocation_scope import EVERY_REASON, NO_REASON
from certs.revocation_status import SKEW, Status
from certs.rules import RevocationGap
from certs.standing import Standing


class ListsAt:
    """What `held` says of `at`, as far as it had been issued at `known`: the moment of the judgement, if that is later."""

    __slots__ = ("_at", "_chosen", "_known", "held")

    def __init__(self, held: tuple[RevocationList, ...], *, at: datetime, known: datetime) -> None:
        self.held = held
        self._at = at
        self._known = known
        self._chosen = _choose(held, at=known)

    def revoked(self, serial_number: int) -> Iterator[Status]:
        """Yield what says that a certificate is revoked, whether it is in force still or not."""
        chosen = self._chosen
        for each in (*chosen.complete, *chosen.deltas, *self._later()):
            entry = each.entries.get(serial_number)
            if (
                entry is not None
                and entry.since <= self._at
                and not chosen.lifts(each, serial_number, at=self._at)
            ):
                yield Status(standing=Standing.REVOKED, source=each, entry=entry)

    def good(self, certificate: x509.Certificate) -> Iterator[Status]:
        """Yield that a certificate is good, if lists in force cover it for every reason."""
        freshest: RevocationList | None = None
        reasons = NO_REASON
        chosen = self._telling(certificate)
        for each in chosen.in_force(self._at):
            if covered := each.scope.covers(certificate):
                reasons = reasons | covered if reasons else covered
                freshest = each if freshest is None or freshest.this_update < each.this_update else freshest
        if freshest is None or not reasons >= EVERY_REASON:
            return
        for source in self._chosen.complete:
            entry = source.entries.get(certificate.serial_number)
            if entry is not None and entry.since > self._at:
                yield Status(standing=Standing.GOOD, source=source, entry=entry)
                return
        yield Status(standing=Standing.GOOD, source=freshest)

    def gaps(self, certificate: x509.Certificate) -> Iterator[Status]:
        """Yield why nothing makes a certificate good, if there is more to say than that nothing is held."""
        chosen = self._telling(certificate)
        stale = [each for each in chosen.complete if chosen.until(each) < self._at]
        later = [each for each in self._later() if each.base is None]
        for lists, gap in ((stale, RevocationGap.STALE), (later, RevocationGap.NOT_YET)):
            covering = [each for each in lists if each.scope.covers(certificate)]
            if covering:
                freshest = max(covering, key=lambda each: each.next_update)
                yield Status(standing=Standing.UNKNOWN, source=freshest, gap=gap)

    def _later(self) -> list[RevocationList]:
        limit = self._known + SKEW
        return [each for each in self.held if each.this_update > limit]

    def _telling(self, certificate: x509.Certificate) -> "_Chosen":
        """Choose among lists that say something of a certificate by not naming it."""
        if self._at == self._known:
            return self._chosen
        return _choose(self.held, at=telling(certificate, at=self._at, known=self._known))


def telling(certificate: x509.Certificate, *, at: datetime, known: datetime) -> datetime:
    """Return up to when silence about a certificate, or an answer that it is good, says something: not after it expired."""
    return at if at == known else min(known, max(at, certificate.not_valid_after_utc))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """The newest lists of each scope that had been issued at a moment, complete ones and delta lists that add to them."""

    complete: tuple[RevocationList, ...]
    deltas: tuple[RevocationList, ...]

    def in_force(self, at: datetime) -> tuple[RevocationList, ...]:
        """Return the complete lists in force; where two of one scope contradict each other in age, both must be."""
        stale = {each.scope for each in self.complete if self.until(each) < at}
        return tuple(each for each in self.complete if each.scope not in stale) if stale else self.complete

    def until(self, complete: RevocationList) -> datetime:
        """Return until when a complete list is in force, with the delta lists that go on from it."""
        if not self.deltas:
            return complete.next_update
        deltas = (each.next_update for each in self.deltas if each.continues(complete))
        return max((complete.next_update, *deltas))

    def lifts(self, complete: RevocationList, serial_number: int, *, at: datetime) -> bool:
        """Tell whether a delta list takes back that a certificate is on hold."""
        entry = complete.entries.get(serial_number)
        return (
            entry is not None
            and entry.is_hold
            and any(
                serial_number in each.lifted and each.continues(complete) and each.next_update >= at
                for each in self.deltas
            )
        )


_NONE: Final = _Chosen(complete=(), deltas=())


def _choose(held: tuple[RevocationList, ...], *, at: datetime) -> _Chosen:
    if len(held) == 1 and held[0].base is None:
        # So it is nearly always.
        return _Chosen(complete=held, deltas=()) if held[0].this_update <= at + SKEW else _NONE
    complete = tuple(_newest((each for each in held if each.base is None), at=at))
    deltas = _newest((each for each in held if each.base is not None), at=at)
    return _Chosen(
        complete=complete,
        deltas=tuple(each for each in deltas if not any(_replaces(other, each) for other in complete)),
    )


def current_lists(lists: Iterable[RevocationList], *, at: datetime) -> list[RevocationList]:
    """Return of each authority and scope the newest complete list that had been issued, whether it is in force still or not."""
    return list(_newest((each for each in lists if each.base is None), at=at))


def _newest(lists: Iterable[RevocationList], *, at: datetime) -> Iterator[RevocationList]:
    """Yield of each authority and scope the newest list, and with it any whose number is higher."""
    groups: dict[object, list[RevocationList]] = {}
    for each in lists:
        if each.this_update <= at + SKEW:
            groups.setdefault((each.authority, each.scope), []).append(each)
    for group in groups.values():
        newest = max(group, key=lambda each: (each.this_update, each.number or 0))
        yield newest
        if newest.number is not None and len(group) > 1:
            yield from (each for each in group if (each.number or 0) > newest.number)


def _replaces(other: RevocationList, each: RevocationList) -> bool:
    """Tell whether a complete list says all that a delta list of the same scope does."""
    return (
        other.authority == each.authority
        and other.scope == each.scope
        and other.this_update >= each.this_update
        and (other.number is None or each.number is None or other.number >= each.number)
    )
