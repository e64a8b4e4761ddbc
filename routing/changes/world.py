"""The directory as it would be after a change, as far as questions about a change need it.

Invariant: what is asked of a code that the change touches is answered from its versions afterwards, of every other
code from the directory; nothing is built for that.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from routing.agencies import Directory
from routing.agency import Agency
from routing.changes.timeline import Versions
from routing.status import Status
from schemas.codes import AgencyCode
from schemas.errors import BadAgencyCode

_LATEST = datetime.max.replace(tzinfo=UTC)


class World:
    """The versions that codes have after a change."""

    __slots__ = ("_directory", "_touched")

    def __init__(self, directory: Directory, touched: Mapping[str, Versions]) -> None:
        self._directory = directory
        self._touched = touched

    def versions(self, code: str) -> Versions:
        """Return every version of a code, oldest first."""
        found = self._touched.get(code)
        return self._directory.versions(code) if found is None else found

    def agency(self, code: str, at: datetime) -> Agency | None:
        """Return what a code names at a moment."""
        return next((each for each in self.versions(code) if each.in_force(at)), None)

    def owner(self, text: str) -> str | None:
        """Return the canonical code to which a text leads in the directory before the change."""
        try:
            return self._directory.canonical(AgencyCode.parse(text))
        except BadAgencyCode:
            return None

    def throughout(self, code: str, since: datetime, until: datetime | None) -> bool:
        """Tell whether a code is in force at every moment of [since, until); None is an open end."""
        for version in self.versions(code):
            if version.in_force(since):
                if version.valid_to is None or (until is not None and until <= version.valid_to):
                    return True
                since = version.valid_to
        return False

    def ends(self, agency: Agency) -> datetime | None:
        """Return when the entity of a version ends, or comes under another parent; None is an open end."""
        for each in self.versions(agency.code):
            same = each.entity_id == agency.entity_id and each.parent == agency.parent
            if same and each.valid_from is not None and each.valid_from == agency.valid_to:
                agency = each
        return agency.valid_to

    def orphans(self, ended: Mapping[str, datetime]) -> dict[str, list[str]]:
        """Return, for codes that end something at a moment, the codes under them that are in force without them later."""
        found: dict[str, list[str]] = {}
        for child in self._children(ended):
            parent = child.parent or ""
            since = max(ended[parent], child.valid_from or ended[parent])
            if not self.throughout(parent, since, child.valid_to):
                found.setdefault(parent, []).append(child.code)
        return found

    def _children(self, ended: Mapping[str, datetime]) -> Iterator[Agency]:
        """Yield the versions under the codes that are in force at their moments or later."""
        if not ended:
            return
        touched = self._touched
        untouched = (
            each for each in self._directory.agencies() if each.parent in ended and each.code not in touched
        )
        changed = (each for versions in touched.values() for each in versions if each.parent in ended)
        for source in (untouched, changed):
            for each in source:
                begun_later = each.valid_to is None or each.valid_to > ended[each.parent or ""]
                if begun_later and each.status is not Status.ANNULLED:
                    yield each

    def awaiting(self, code: str, since: datetime) -> list[str]:
        """Return the codes that end at a moment or later in favour of this one, when it is not in force."""
        return [
            each.code
            for predecessor in dict.fromkeys(
                each.code for each in self._directory.predecessors(code, _LATEST)
            )
            for each in self.versions(predecessor)
            if code in each.successors
            and each.valid_to is not None
            and each.valid_to >= since
            and each.status is not Status.ANNULLED
            and self.agency(code, each.valid_to) is None
        ]
