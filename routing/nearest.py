"""Suggestions for a mistyped agency code, found without scanning the directory.

A suggestion is shown to a person and never acted upon: resolution itself accepts only exact codes and
registered aliases. That is why this module may tidy what it is given (capital letters, stray characters,
zero-filled groups) where the rest of the package must not.

Invariants: pure; at most a few thousand dictionary look-ups for the longest legal code (35 characters, QĐ
20/2020 Điều 4), under a millisecond; nothing but codes that `accept` lets pass; the likeliest correction
first.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from unicodedata import normalize

LONGEST_CODE = 35
_DIGITS = "0123456789."
_ALPHABET = _DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONG = 16
_STRAY = re.compile(r"[^0-9A-Z.]+")
_SEPARATORS = str.maketrans(",;:/_-–", ".......")
_LOOK_ALIKES = {
    "O": "0",
    "0": "O",
    "I": "1",
    "L": "1",
    "1": "I",
    "S": "5",
    "5": "S",
    "B": "8",
    "8": "B",
    "Z": "2",
}
# QCVN 102:2016 wrote the level-1 group last; two to four groups are met.
_OLD_FORM = re.compile(r"(?:[0-9]{1,3}\.){1,3}[A-Y][0-9]{2}")


def nearest(
    text: str,
    *,
    codes: Mapping[str, object],
    aliases: Mapping[str, str],
    accept: Callable[[str], bool],
    limit: int = 3,
) -> tuple[str, ...]:
    """Return up to `limit` existing codes that the writer of `text` may have meant, likeliest first.

    `codes` holds the canonical codes as keys, `aliases` maps older forms to them. If the text with its
    spelling tidied, or its old form turned round, is a code, that is the answer. Else come the codes one slip
    of the keyboard away, and at last the nearest existing ancestor.
    """
    typed = _tidy(text)
    if not typed or len(typed) > LONGEST_CODE:
        return ()

    def existing(candidates: Iterable[str]) -> Iterator[str]:
        for candidate in candidates:
            code = candidate if candidate in codes else aliases.get(candidate)
            if code is not None and code != text and accept(code):
                yield code

    surest = tuple(dict.fromkeys(existing(_respelled(typed))))
    if surest:
        return surest[:limit]
    return tuple(islice(_distinct(existing(chain(_one_slip(typed), _ancestors(typed)))), limit))


def _distinct(codes: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for code in codes:
        if code not in seen:
            seen.add(code)
            yield code


def _tidy(text: str) -> str:
    """Return the part of `text` that could belong to a code; long input is cut before any work on it."""
    capitals = normalize("NFKC", text[: 2 * LONGEST_CODE]).upper()
    return _STRAY.sub("", capitals.translate(_SEPARATORS)).strip(".")


def _respelled(typed: str) -> Iterator[str]:
    yield typed
    if _OLD_FORM.fullmatch(typed):
        groups = typed.split(".")[::-1]
        yield _unpadded(group for group in groups if group.strip("0"))
    yield _unpadded(typed.split("."))


def _unpadded(groups: Iterable[str]) -> str:
    """Join groups without the zeros that QCVN 102:2016 put in front; level 1 begins with a letter."""
    return ".".join(group.lstrip("0") or "0" for group in groups)


def _one_slip(typed: str) -> Iterator[str]:
    """Yield what differs from `typed` by one slip, commonest first; in long codes no slips to letters."""
    alphabet = _ALPHABET if len(typed) <= _LONG else _DIGITS
    halves = [(typed[:i], typed[i:]) for i in range(len(typed) + 1)]
    inner = halves[:-1]
    yield from (left + right[1] + right[0] + right[2:] for left, right in halves[:-2])
    yield from (left + _LOOK_ALIKES.get(right[0], right[0]) + right[1:] for left, right in inner)
    yield from (left + "." + right for left, right in halves)
    yield from (left + right[1:] for left, right in inner)
    yield from (left + character + right[1:] for left, right in inner for character in alphabet)
    yield from (left + character + right for left, right in halves for character in alphabet)


def _ancestors(typed: str) -> Iterator[str]:
    while (cut := typed.rfind(".")) > 0:
        typed = typed[:cut]
        yield typed
