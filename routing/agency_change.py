"""A change of the registry's agencies: which versions of codes end being known, and which are known from then on.

Nothing is edited: to give a version an end is to close it and to add it again with the end. Invariant: a change
says of which version of the registry it speaks, and can be made of no other.
"""

from dataclasses import dataclass

from routing.agency import Agency


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyChange:
    """What becomes of `base_version`: `closed` are versions that it has, `added` those that the next one has instead.

    Certificates are not looked at: they belong to the entity, and stay with it as long as it has a version.
    """

    base_version: int
    closed: tuple[Agency, ...]
    added: tuple[Agency, ...]

    @property
    def codes(self) -> frozenset[str]:
        """The codes that it touches."""
        return frozenset(each.code for each in (*self.closed, *self.added))
