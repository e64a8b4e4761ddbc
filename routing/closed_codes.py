"""What a code still counts for after its end, and by which rule: nothing, unless one of these says so.

1. **Forwarding.** What is sent to a closed code is refused and its successors are named. Only where the
   registry says so for this code (`Agency.forward_until`), and only while that lasts, does it go to the one
   successor instead. A successor that has ended, too, needs the same word of its own; `MOST_STEPS` are
   followed, and a circle ends in the refusal.
2. **Answers.** A status names the document's sender, or its addressee, as the document does, and cannot
   choose another. It goes to the one successor without further ado.
3. **Grace.** What an agency sent under its code after the code ended is refused, too. Only if a trusted time
   proves that the signature is older than that, and only within the grace period, is it taken as signed by
   the body that bore the code then (QĐ 09/2025/QĐ-TTg: the same string may name another body by now).

Invariants: nothing here is silent: every rule comes with a remark, and its name goes into the log. A claimed
time proves nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from routing.agencies import Agency, Directory, Member
from routing.callers import not_serving
from routing.lineage import MOST_STEPS, heirs_of
from routing.status import Status

CODE_GRACE: Final = timedelta(days=30)
"""For how long a signature from before the end of its sender's code is taken, unless somebody says otherwise."""


class ClosedCodeRule(StrEnum):
    """The rule by which a code counts after its end."""

    FORWARD_UNTIL = "forward-until"
    ANSWER_FOLLOWS = "answer-follows"
    CLOSED_CODE_GRACE = "closed-code-grace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grace:
    """That a sender's code counts although its body gave it up: `agency` bore it at `proven_at`, `last` when it ended.

    Until `until` that is enough.
    """

    agency: Agency
    last: Agency
    proven_at: datetime
    until: datetime


def last_ended(code: str, *, directory: Directory, at: datetime) -> Agency | None:
    """Return the version of a canonical code that ended last by `at`; None if none has."""
    ended = [
        each
        for each in directory.versions(code)
        if each.status is not Status.ANNULLED and each.valid_to is not None and each.valid_to <= at
    ]
    return ended[-1] if ended else None


def forwarded(code: str, *, directory: Directory, at: datetime, rule: ClosedCodeRule) -> Agency | None:
    """Return the agency to which a rule leads what is sent to a closed code at `at`; None if it leads nowhere."""
    for _ in range(MOST_STEPS):
        ended = last_ended(code, directory=directory, at=at)
        if ended is None or len(ended.successors) != 1:
            return None
        is_told = ended.forward_until is not None and at < ended.forward_until
        if rule is ClosedCodeRule.FORWARD_UNTIL and not is_told:
            return None
        code = ended.successors[0]
        agency = directory.agency(code, at)
        if agency is not None:
            return agency if agency.status is Status.ACTIVE else None
    return None


def grace_of(
    code: str, *, directory: Directory, at: datetime, proven_at: datetime | None, grace: timedelta
) -> Grace | None:
    """Return the body that bore a canonical code when a signature is proven to have existed, if that still counts at `at`."""
    if proven_at is None:
        return None
    then = directory.agency(code, proven_at)
    if then is None or then.status is not Status.ACTIVE:
        return None
    *_, last = (each for each in directory.versions(code) if each.entity_id == then.entity_id)
    if last.valid_to is None or not last.valid_to <= at < last.valid_to + grace:
        return None
    return Grace(agency=then, last=last, proven_at=proven_at, until=last.valid_to + grace)


def bind_late_caller(
    member: Member, grace: Grace, *, directory: Directory, at: datetime
) -> tuple[str, Agency]:
    """Return the prefix and the body for which a system may bring what was signed before the end of its sender's code.

    That is the system which served the body then, or one that serves a successor now.

    Raises:
        CallerNotBound: it is neither.

    """
    moments = [(grace.agency, grace.proven_at)]
    moments += [(heir, at) for heir in heirs_of(grace.last, directory=directory, at=at)]
    for agency, moment in moments:
        served_by, prefix = (
            directory.member_for(agency.code, moment),
            directory.prefix_for(agency.code, moment),
        )
        if served_by is not None and prefix is not None and served_by.id == member.id:
            return prefix, agency
    raise not_serving(member, grace.agency, directory=directory, at=at)


def turning_points(code: str, *, directory: Directory, grace: timedelta) -> Iterator[datetime]:
    """Yield the moments, besides those of the directory, at which a rule begins or ends to say something else of a code."""
    met, edge = set[str](), {code}
    for _ in range(MOST_STEPS):
        versions = [each for name in edge for each in directory.versions(name)]
        for each in versions:
            if each.forward_until is not None:
                yield each.forward_until
            if each.valid_to is not None:
                yield each.valid_to + grace
        met |= edge
        edge = {name for each in versions for name in each.successors} - met
