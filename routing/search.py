"""Looking agencies up: by name, by the beginning of a code, by kind, by what the code is at a moment.

Invariants: pure; what is found is what the directory says for `at`, never more; results are in the order of codes, so that the
last code of a page is where the next one begins. Without a status only codes in force are found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Final

from routing.agencies import Agency, Directory
from routing.names import MOST_WORDS, NameIndex, matches, words
from routing.status import Status
from schemas.codes import AgencyCode
from schemas.errors import BadAgencyCode

_CODE_LIKE: Final = re.compile(r"(?=.*[0-9])[0-9A-Za-z]+(?:[.\-,;:/_][0-9A-Za-z]+)*")
_IN_FORCE: Final = frozenset({Status.ACTIVE, Status.SUSPENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What is looked for; `statuses` empty means any. `after` is the last code of the page before."""

    at: datetime
    text: str = ""
    prefix: str = ""
    kind: str = ""
    statuses: frozenset[Status] = _IN_FORCE
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A code that was found, the version of it that `at` is about, and what the code is then."""

    agency: Agency
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was found; `after` goes on, None at the end. `suggestions` are codes that may have been meant if nothing was."""

    hits: tuple[Hit, ...]
    after: str | None = None
    suggestions: tuple[Agency, ...] = ()


def version_at(directory: Directory, code: str, at: datetime) -> Agency | None:
    """Return the version of a canonical code that `at` lies in, else the last that ended by then, else the first to come."""
    versions = directory.versions(code)
    begun = [each for each in versions if each.valid_from is None or each.valid_from <= at]
    return begun[-1] if begun else (versions[0] if versions else None)


def search(directory: Directory, index: NameIndex, criteria: Criteria) -> Page:
    """Find agencies."""
    hits: list[Hit] = []
    query = words(criteria.text)[:MOST_WORDS]
    for code in _candidates(directory, index, criteria, query):
        hit = _hit(directory, code, criteria, query)
        if hit is None:
            continue
        if len(hits) == criteria.limit:
            return Page(hits=tuple(hits), after=hits[-1].agency.code)
        hits.append(hit)
    suggested = () if hits or criteria.after else _suggestions(directory, criteria)
    return Page(hits=tuple(hits), suggestions=suggested)


def _candidates(
    directory: Directory, index: NameIndex, criteria: Criteria, query: tuple[str, ...]
) -> Iterator[str]:
    """Yield the codes that may fit, in order, each once."""
    bounds = {"prefix": criteria.prefix, "after": criteria.after}
    if not criteria.text.strip():
        yield from index.codes(**bounds)
        return
    roads = [index.find(query, **bounds)]
    if _is_code_like(criteria.text):
        roads.append(index.beginning(criteria.text.strip().upper(), **bounds))
        exact = _canonical(directory, criteria.text)
        if exact is not None:
            roads.append(index.beginning(exact, **bounds))
    before = None
    for code in merge(*roads):
        if code != before:
            yield code
        before = code


def _hit(directory: Directory, code: str, criteria: Criteria, query: tuple[str, ...]) -> Hit | None:
    status = directory.status(code, criteria.at)
    agency = version_at(directory, code, criteria.at)
    if status is None or agency is None or (criteria.statuses and status not in criteria.statuses):
        return None
    if criteria.kind and agency.kind != criteria.kind:
        return None
    # The name that was found may be one that the code has at another time.
    if query and not matches(query, agency.name) and not _names_code(directory, code, criteria.text):
        return None
    return Hit(agency=agency, status=status)


def _names_code(directory: Directory, code: str, text: str) -> bool:
    if not _is_code_like(text):
        return False
    return code.startswith(text.strip().upper()) or code == _canonical(directory, text)


def _is_code_like(text: str) -> bool:
    return _CODE_LIKE.fullmatch(text.strip()) is not None


def _canonical(directory: Directory, text: str) -> str | None:
    """Return the code that a text is, in any of its forms."""
    try:
        return directory.canonical(AgencyCode.parse(text.strip().upper()))
    except BadAgencyCode:
        return None


def _suggestions(directory: Directory, criteria: Criteria) -> tuple[Agency, ...]:
    if not _is_code_like(criteria.text):
        return ()
    codes = directory.nearest(criteria.text, at=criteria.at)
    found = (directory.agency(code, criteria.at) for code in codes)
    return tuple(each for each in found if each is not None)
