"""Where a document under way is headed: on to its addressee, to a successor, or nowhere until people decide.

A delivery that was never put on the axis follows its addressee at once. One that the axis confirmed lies in
a queue which the old system goes on reading for a grace; only then is it sent anew. Where the code string
itself was taken over by a new body, there is no grace: the old body's system must not get it any more.

Invariants: the same directory, moment and delivery give the same turn, whichever process asks; a turn never
leads to a code that is not in force, nor to a system that does not serve it; without a turn nothing changes.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from routing.agencies import Directory
from routing.delivery import DeliveryState
from routing.members import Member
from routing.succession import Cause, Goes, Stays, Step, Succession, Waits, succession

RESUMED: Final = "delivery.resumed"
"""Why a held delivery goes on to where it was going."""

HELD_TOO_LONG: Final = "delivery.held_too_long"
RETURNED_BY_ADMIN: Final = "delivery.returned_by_admin"

_A_MOMENT: Final = timedelta(microseconds=1)


class Rule(StrEnum):
    """By what a document goes elsewhere than its addressee's code was served when it was accepted."""

    SUCCESSOR = "successor"
    """Single successors lead there."""

    TAKEN_OVER = "taken_over"
    """The code string names a new body (QĐ 09/2025/QĐ-TTg)."""

    SERVED_BY = "served_by"
    """The body is the same, another connected system serves it."""

    CHOSEN = "chosen"
    """The code administrators chose among several, or where there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """For how long an old queue is left to be read, and for how long a delivery is held."""

    queue: timedelta
    hold: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """To whom a document was accepted, and who took over since: `resolved_code`, chosen by people at `chosen_at` if ever."""

    code: str
    accepted_at: datetime
    member_id: str
    resolved_code: str | None = None
    chosen_at: datetime | None = None

    @property
    def current(self) -> str:
        """The code that it goes to as things are."""
        return self.resolved_code or self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Reroute:
    """Send it to `member`, which serves `code`."""

    code: str
    member: Member
    chain: tuple[str, ...]
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Keep it until people decide."""

    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Send it to where it was going before it was held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """Tell its sender that it cannot be delivered."""

    reason: str = HELD_TOO_LONG


Turn: TypeAlias = Reroute | Hold | Release | GiveUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """Whose inbox takes an arrival, and the code that it is for now if it is another than in the document."""

    member: Member
    resolved_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Astray:
    """It came to a queue that its addressee has left; the sending gateway sends it anew, or holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One version of the registry, and the patience of this gateway, by which turns are decided."""

    directory: Directory
    patience: Patience

    def found(self, addressee: Addressee, now: datetime) -> Succession:
        """Return what is in force for an addressee, going on from what people chose if they did."""
        code, since = addressee.code, addressee.accepted_at
        if addressee.resolved_code is not None and addressee.chosen_at is not None:
            code, since = addressee.resolved_code, addressee.chosen_at
        found = succession(code, accepted_at=since, now=now, directory=self.directory)
        if isinstance(found, Waits) or self.directory.member_for(found.code, now) is not None:
            return found
        steps = found.steps if isinstance(found, Goes) else ()
        since_step = steps[-1].at if steps else None
        return Waits(code=found.code, cause=Cause.NOT_CONNECTED, steps=steps, since=since_step)

    def turn(
        self, addressee: Addressee, state: DeliveryState, now: datetime, *, held_since: datetime | None = None
    ) -> Turn | None:
        """Return what has to become of a delivery that waits to be sent, for its receipt, or for a decision."""
        found = self.found(addressee, now)
        if isinstance(found, Waits):
            if state is DeliveryState.HELD:
                over = held_since is not None and held_since + self.patience.hold <= now
                return GiveUp() if over else None
            is_left = state is DeliveryState.CONFIRMED and found.cause is not Cause.SUSPENDED
            return None if is_left and self._is_read(found, addressee, now) else Hold(cause=found.cause)
        reroute = self._reroute(found, addressee, now)
        if reroute is None:
            return Release() if state is DeliveryState.HELD else None
        if state is DeliveryState.CONFIRMED and self._is_read(found, addressee, now):
            return None
        return reroute

    def hand_over(self, addressee: Addressee, now: datetime) -> Reroute | None:
        """Return to whom an item goes that arrived for a system which serves its addressee no more."""
        found = self.found(addressee, now)
        if isinstance(found, Waits):
            return None
        reroute = self._reroute(found, addressee, now)
        if reroute is None or reroute.member.id == addressee.member_id:
            return None
        return None if self._is_read(found, addressee, now) else reroute

    def is_unchanged(self, accepted_at: datetime, registry_version: int, now: datetime) -> bool:
        """Tell whether nothing that was true at the acceptance by this version can have changed since."""
        since, _ = self.directory.steady(now)
        return registry_version == self.directory.version and (since is None or since <= accepted_at)

    def arriving(self, addressee: Addressee, now: datetime, *, gateway: str) -> Arriving | Astray | None:
        """Return whose arrival it is at `gateway`; None if it was sent to somebody else than this registry says.

        `addressee.member_id` is not looked at: only the registry says who serves a code.
        """
        arriving = self._arriving(addressee, now)
        if not isinstance(arriving, Arriving) or arriving.member.gateway == gateway:
            return arriving
        then = self.directory.member_for(addressee.code, addressee.accepted_at)
        was_here = addressee.resolved_code is None and then is not None and then.gateway == gateway
        return Astray() if was_here else None

    def _arriving(self, addressee: Addressee, now: datetime) -> Arriving | Astray | None:
        by_rule = self.found(replace(addressee, resolved_code=None, chosen_at=None), now)
        if not _may_go_to(addressee, by_rule):
            return None
        found = self.found(addressee, now)
        current = addressee.current
        if isinstance(found, Waits) and found.cause is Cause.SUSPENDED and found.code == current:
            # It was on its way before: what is held is held where it starts.
            return self._served(current, addressee, now)
        if (
            not isinstance(found, Waits)
            and found.code == current
            and (addressee.resolved_code is not None or isinstance(found, Stays))
        ):
            return self._served(current, addressee, now)
        if self._is_read(found, addressee, now):
            return self._served(current, addressee, self._before(found, current, now))
        if isinstance(found, Waits):
            return Astray()
        member = self.directory.member_for(found.code, now)
        return Astray() if member is None else Arriving(member=member, resolved_code=found.code)

    def _served(self, code: str, addressee: Addressee, at: datetime) -> Arriving | None:
        member = self.directory.member_for(code, at)
        return None if member is None else Arriving(member=member, resolved_code=addressee.resolved_code)

    def _reroute(self, found: Stays | Goes, addressee: Addressee, now: datetime) -> Reroute | None:
        """Return where to go from here; None if that is where it is going."""
        member = self.directory.member_for(found.code, now)
        if member is None:
            raise AssertionError("what nobody serves waits")
        if (found.code, member.id) == (addressee.current, addressee.member_id):
            return None
        chain = found.chain if isinstance(found, Goes) else (found.code,)
        rule = Rule.SUCCESSOR
        if found.code == addressee.current:
            rule = Rule.SERVED_BY if isinstance(found, Stays) else Rule.TAKEN_OVER
        return Reroute(code=found.code, member=member, chain=chain, rule=rule)

    def _is_read(self, found: Succession, addressee: Addressee, now: datetime) -> bool:
        """Tell whether the old system may still read what lies in its queue, or in its inbox."""
        current = addressee.current
        if self.directory.agency(current, now) is not None:
            return False
        ended = self._end(found, current)
        return ended is not None and now < ended + self.patience.queue

    def _before(self, found: Succession, current: str, now: datetime) -> datetime:
        ended = self._end(found, current)
        return now if ended is None else ended - _A_MOMENT

    @staticmethod
    def _end(found: Succession, current: str) -> datetime | None:
        """Return when the code that a document is going to gave way, by the steps that lead on from it."""
        steps: tuple[Step, ...] = () if isinstance(found, Stays) else found.steps
        ends = [step.at for step in steps if step.code == current]
        if ends:
            return ends[0]
        return found.since if isinstance(found, Waits) and found.code == current else None


def _may_go_to(addressee: Addressee, found: Succession) -> bool:
    """Tell whether the registry lets a document for `code` go to `resolved_code`."""
    resolved = addressee.resolved_code
    if resolved is None:
        return True
    if isinstance(found, Waits) and addressee.chosen_at is not None:
        return True
    on_the_way = {step.code for step in found.steps} if not isinstance(found, Stays) else set()
    return resolved in on_the_way | {found.code}
