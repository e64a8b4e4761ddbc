"""Characters that nobody sees."""

import sys
import unicodedata

from schemas.invisible import INVISIBLE


def test_every_format_character_is_one() -> None:
    """The list holds what this version of Unicode calls format characters."""
    formats = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) == "Cf"]
    assert [hex(ord(c)) for c in formats if not INVISIBLE.fullmatch(c)] == []


def test_no_letter_digit_or_mark_of_vietnamese_is_one() -> None:
    """What is written in documents is seen."""
    seen = unicodedata.normalize("NFD", "Độ ẩm, ưỡn ẹo; Ỷ lại; 0-9 “”–…") + "ĐđƠơƯư"
    assert not INVISIBLE.search(seen + unicodedata.normalize("NFC", seen))
