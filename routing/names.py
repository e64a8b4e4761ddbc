"""An index over the names of agencies, for people who look one up and type neither diacritics nor the whole name.

Names are folded: no diacritics, đ as d, no capitals; words are runs of letters and digits. A query finds a name if each of its
words begins some word of the name, in any order. A name that is found is shown to a person and never acted upon: documents are
routed by codes alone (QĐ 20/2020/QĐ-TTg).

Invariants: an index is a value and never changes; codes come out in order. All folded names are one text that is scanned at
once, so that a search costs a few milliseconds and the index a few megabytes, whatever the query.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final
from unicodedata import normalize

MOST_WORDS: Final = 16
"""Words of a query that count; no name needs more to be found."""

_MARKS: Final = re.compile("[\u0300-\u036f]+")
_WORD: Final = re.compile(r"[^\W_]+")
_STROKE: Final = str.maketrans("đĐ", "dd")


def fold(text: str) -> str:
    """Return the text without diacritics and capitals."""
    # Decomposed before, too: what looks like a letter becomes that letter, which may be a capital.
    plain = normalize("NFKD", text.translate(_STROKE)).casefold()
    return _MARKS.sub("", normalize("NFKD", plain))


def words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text, in its order."""
    return tuple(_WORD.findall(fold(text)))


def matches(query: tuple[str, ...], name: str) -> bool:
    """Tell whether each word of a query begins some word of the name."""
    line = _line(name)
    return all(f" {word}" in line for word in query)


class NameIndex:
    """The names that codes have, or had, or will have."""

    __slots__ = ("_codes", "_starts", "_text")

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """Index pairs of a code and a name; a code may come several times."""
        pairs = sorted((code, _line(name)) for code, name in names)
        self._codes: Final = [code for code, _ in pairs]
        # Each line begins with a space, so that every word of it does.
        self._text: Final = "".join(line for _, line in pairs)
        self._starts: Final = array("L", accumulate((len(line) for _, line in pairs), initial=0))

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self._codes)

    def codes(self, *, prefix: str = "", after: str = "") -> Iterator[str]:
        """Yield the codes from `after` on that are `prefix` or lie under it, in whole groups."""
        for first, last in self._ranges(prefix, after):
            yield from _distinct(self._codes[place] for place in range(first, last))

    def beginning(self, text: str, *, prefix: str = "", after: str = "") -> Iterator[str]:
        """Yield the codes, as `codes` does, whose letters begin with `text`."""
        for first, last in self._ranges(prefix, after):
            low = bisect_left(self._codes, text, first, last)
            for code in _distinct(self._codes[place] for place in range(low, last)):
                if not code.startswith(text):
                    break
                yield code

    def find(self, query: tuple[str, ...], *, prefix: str = "", after: str = "") -> Iterator[str]:
        """Yield the codes, as `codes` does, one of whose names has each word of the query."""
        needles = [f" {word}" for word in sorted(set(query), key=len, reverse=True)]
        for first, last in self._ranges(prefix, after):
            yield from _distinct(self._scan(needles, first, last))

    def _scan(self, needles: list[str], first: int, last: int) -> Iterator[str]:
        """Yield the codes of the lines from `first` to `last` with all needles: where the longest is, the others are sought."""
        if not needles:
            return
        text, starts = self._text, self._starts
        at, end = starts[first], starts[last]
        while (at := text.find(needles[0], at, end)) >= 0:
            place = bisect_right(starts, at) - 1
            low, high = starts[place], starts[place + 1]
            if all(text.find(needle, low, high) >= 0 for needle in needles[1:]):
                yield self._codes[place]
            at = high

    def _ranges(self, prefix: str, after: str) -> list[tuple[int, int]]:
        """Return the places whose codes come after `after`, and are `prefix` or lie under it."""
        bottom = bisect_right(self._codes, after) if after else 0
        if not prefix:
            return [(bottom, len(self._codes))]
        found = []
        for low, high in ((prefix, f"{prefix}\0"), (f"{prefix}.", f"{prefix}/")):
            first = max(bottom, bisect_left(self._codes, low))
            found.append((first, max(first, bisect_left(self._codes, high))))
        return found


def _line(name: str) -> str:
    """Return the words of a name, each with a space in front, and a line end that no word contains."""
    return "".join(f" {word}" for word in words(name)) + "\n"


def _distinct(codes: Iterable[str]) -> Iterator[str]:
    """Leave out repetitions, which stand side by side."""
    before = None
    for code in codes:
        if code != before:
            yield code
        before = code
