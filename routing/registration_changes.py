"""What can become of a registration: suspended, resumed, revoked. Each gives a new value; none takes anything back.

Resuming ends the suspension that holds; a revocation is final. Nothing is dated into the future, and only a revocation may be
dated back, because a key is often known to be lost only afterwards.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from routing.errors_registration import RegistrationStateError
from routing.registrations import Registration, Revocation, State, Suspension

_STATES = {
    State.IN_FORCE: ("đang có hiệu lực", "in force"),
    State.NOT_YET: ("chưa có hiệu lực", "not in force yet"),
    State.ENDED: ("đã hết hiệu lực", "ended"),
    State.SUSPENDED: ("đang tạm dừng", "suspended"),
    State.REVOKED: ("đã bị thu hồi", "revoked"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend:
    """Let a registration not count until it is resumed."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Let a suspended registration count again."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """End a registration for good, from now or an earlier moment on; `compromised`: its key is in other hands."""

    reason: str
    since: datetime | None = None
    compromised: bool = False


StatusChange = Suspend | Resume | Revoke


def changed(registration: Registration, change: StatusChange, *, at: datetime) -> Registration:
    """Return the registration as it is after a change that is made at `at`.

    Raises:
        RegistrationStateError: it is revoked, suspended already, or not suspended.

    """
    suspended = registration.suspensions and registration.suspensions[-1].until is None
    if registration.revocation is not None:
        raise _impossible(registration, State.REVOKED)
    match change:
        case Suspend():
            if suspended:
                raise _impossible(registration, State.SUSPENDED)
            begun = Suspension(since=at, reason=change.reason)
            return replace(registration, suspensions=(*registration.suspensions, begun))
        case Resume():
            if not suspended:
                raise _impossible(registration, registration.state(at))
            *before, last = registration.suspensions
            ended = replace(last, until=at, resumed_because=change.reason)
            return replace(registration, suspensions=(*before, ended))
        case Revoke():
            since = at if change.since is None else min(change.since, at)
            revocation = Revocation(since=since, reason=change.reason, compromised=change.compromised)
            return replace(registration, revocation=revocation)


def added(registrations: Iterable[Registration], new: Registration, *, at: datetime) -> bool:
    """Tell whether a registration is new among others, rather than there already and as good as it was.

    Raises:
        RegistrationStateError: it is there, but something became of it.

    """
    for each in registrations:
        if each.id == new.id:
            stands = each.state(at) not in {State.SUSPENDED, State.REVOKED}
            if not stands or replace(each, suspensions=()) != new:
                raise _impossible(each, each.state(at))
            return False
    return True


def _impossible(registration: Registration, state: State) -> RegistrationStateError:
    vi, en = _STATES[state]
    return RegistrationStateError(
        registration=registration.label, state=state.value, state_vi=vi, state_en=en
    )
