"""From the text of a code in a document to the agency that it names at a moment.

QĐ 20/2020/QĐ-TTg Điều 4-6 define the codes; QCVN 102:2016 forms reach their agency through the table of
aliases. A code that is closed is refused and its successors are named: a document is never redirected
silently. Only a *recipient's* code may lead to its successor, where the registry says so
or to a status (`routing.closed_codes`), and then `Resolved` tells of it.

Invariant: resolution is total or explicit. Every text gives a `Resolved` or raises one of the `CodeError`
classes, and the agency returned is in force at `at`.
"""

from datetime import datetime
from typing import NamedTuple

from routing.agencies import Agency, Directory
from routing.closed_codes import ClosedCodeRule, forwarded, last_ended
from routing.errors import CodeClosed, CodeError, CodeNotYetValid, MalformedCode, RegistryEmpty, UnknownCode
from routing.errors_registry import CodeAnnulledError, CodeSuspendedError
from routing.status import Status
from routing.times import shown
from schemas.codes import AgencyCode
from schemas.errors import BadAgencyCode

_ACTIVE = Status.ACTIVE


class Resolved(NamedTuple):
    """An agency in force, and the code by which the document named it, as sent but for white space.

    `closed` is the version of that code which ended, where `agency` stands in for it as its successor by `rule`.
    """

    as_sent: str
    agency: Agency
    closed: Agency | None = None
    rule: ClosedCodeRule | None = None


def resolve(text: str, *, directory: Directory, at: datetime) -> Resolved:
    """Return the agency that the code in `text` names at `at`.

    Raises:
        MalformedCode: the text is no code in any grammar.
        RegistryEmpty: the directory holds no agencies, so nothing can be decided.
        UnknownCode: no agency has or had this code.
        CodeClosed: the code was in force before `at` and no longer is.
        CodeNotYetValid: the code comes into force only after `at`.
        CodeSuspendedError: the code is in force, but suspended.
        CodeAnnulledError: the code was issued in error.

    """
    registered = directory.agency(text, at)
    if registered is not None and registered.status is _ACTIVE:
        # What stands in the registry letter by letter needs no grammar to be known by.
        return Resolved(as_sent=text, agency=registered)
    try:
        code = AgencyCode.parse(text)
    except BadAgencyCode as error:
        raise _malformed(text, error, directory=directory, at=at) from error
    if not len(directory):
        raise RegistryEmpty(code=code.value)
    canonical = directory.canonical(code)
    if canonical is None:
        raise UnknownCode(code=code.value, nearest=directory.nearest(code.value, at=at))
    agency = directory.agency(canonical, at)
    if agency is None:
        raise _not_in_force(code.value, directory.versions(canonical), at=at)
    if agency.status is Status.SUSPENDED:
        raise CodeSuspendedError(code=code.value, name=agency.name, since=shown(agency.valid_from))
    return Resolved(as_sent=code.value, agency=agency)


def resolve_recipient(text: str, *, directory: Directory, at: datetime, is_answer: bool = False) -> Resolved:
    """Return the agency that gets what is sent to the code in `text` at `at`; `is_answer` says that a status is sent.

    Raises:
        CodeError: as `resolve` does.

    """
    try:
        return resolve(text, directory=directory, at=at)
    except CodeClosed:
        code = AgencyCode.parse(text)
        canonical = directory.canonical(code) or code.value
        rule = ClosedCodeRule.ANSWER_FOLLOWS if is_answer else ClosedCodeRule.FORWARD_UNTIL
        agency = forwarded(canonical, directory=directory, at=at, rule=rule)
        if agency is None:
            raise
        closed = last_ended(canonical, directory=directory, at=at)
        return Resolved(as_sent=code.value, agency=agency, closed=closed, rule=rule)


def _malformed(text: str, error: BadAgencyCode, *, directory: Directory, at: datetime) -> MalformedCode:
    return MalformedCode(
        code=text,
        nearest=directory.nearest(text, at=at),
        reason=error.code,
        reason_vi=error.vi.format(**error.facts),
        reason_en=error.en.format(**error.facts),
    )


def _not_in_force(as_sent: str, versions: tuple[Agency, ...], *, at: datetime) -> CodeError:
    """Return the refusal for a known code: closed if it ever was in force before `at`, else not yet valid."""
    annulled = [version for version in versions if version.status is Status.ANNULLED]
    counting = [version for version in versions if version.status is not Status.ANNULLED]
    if not counting:
        last = annulled[-1]
        return CodeAnnulledError(code=as_sent, name=last.name, successors=last.successors)
    ended = [version for version in counting if version.valid_to is not None and version.valid_to <= at]
    if ended:
        last = ended[-1]
        return CodeClosed(
            code=as_sent, name=last.name, since=shown(last.valid_to), successors=last.successors
        )
    first = counting[0]
    return CodeNotYetValid(code=as_sent, name=first.name, valid_from=shown(first.valid_from))
