"""Documents marked MẬT, TỐI MẬT or TUYỆT MẬT, which may not travel here at all.

State secrets are outside the scope of the axis and are neither sent nor received through it (QĐ 28/2018/QĐ-TTg
Điều 1.2, 5.1; NĐ 30/2020/NĐ-CP Điều 18.2, 22.4). edXML has no element for secrecy, so the mark is looked for
where people put it: in subject, summary, type, notation, circulation scope, appendices and the names of
attachments. A mark is, in a text without invisible characters and with single spaces,

- a level in capitals, standing as words of its own: “Công văn MẬT về …”, “TUYỆT MẬT - …”;
- a level in any case in brackets, after “Độ mật:”, or before a colon or dash at the start: “[Mật]”, “Mật: …”;
- a field that holds a level and nothing else, in any case;
- “TOI MAT”, “TUYET MAT” and “DO MAT” without accents, in brackets, as labels or as whole fields.

A text that speaks about secrecy is no mark: “bảo vệ bí mật nhà nước”, “danh mục bí mật nhà nước độ Tối mật”,
“mật độ dân số”. Where a text leaves the choice, it is taken for a mark: a document refused can be sent again.
What others write about a document (reasons of recalls, descriptions of statuses) is not looked at, so that a
document sent by mistake can still be recalled and returned. Invariant: a finding from here tells where the
mark is and nothing else.
"""

import re
import unicodedata
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import Final

from lxml import etree

from schemas.errors import StateSecret
from schemas.invisible import INVISIBLE
from schemas.location import line_of, xpath_of
from schemas.names import split

_TEXTS: Final = frozenset({"Subject", "Content", "Appendix", "AttachmentName", "Description", "FieldName"})
# Here only few words are usual, so a level in any case is a mark.
_MARKINGS: Final = frozenset({"TypeName", "SphereOfPromulgation", "CodeNotation", "CodeNumber", "Priority"})
# Long lists of agencies and the contents of attachments are passed by.
_PASSED: Final = frozenset(
    {
        *("OrganId", "OrganName", "OrganizationInCharge", "OrganAdd", "Email", "Telephone", "Fax", "Website"),
        *("ContentTransferEncoded", "BussinessDocReason", "Signature", "DigitalSignature"),
    }
)
_UNNAMED: Final = "metadata"
_LONGEST_WHOLE: Final = 60
# What is longer is refused for its length; what has more stamps than this is no sentence about secrecy.
_LONGEST: Final = 10_000
_MOST_STAMPS: Final = 50

_LEVEL: Final = r"(?:(?:tuyệt|tối) ?mật|mật|tuyet mat|toi mat)"
# With “độ”, “độ mật” or “do mat” before it, even a plain “mat” is a level.
_DEGREE: Final = rf"(?:(?:(?:mức |cấp )?độ|do)(?: m[ậa]t)?\W{{0,8}}(?:{_LEVEL}|mat))"
_NOT_IN_WORD: Final = r"(?!\w)"
_MAY_BE_MARKED: Final = re.compile("m[ậa]t", re.IGNORECASE)
_WHOLE: Final = re.compile(rf"\W*(?:{_LEVEL}|{_DEGREE})\W*", re.IGNORECASE)
_FILE_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{2,5}$")
_BRACKETED: Final = re.compile(
    rf"[\[(<{{«【]\W{{0,8}}(?:{_LEVEL}|({_DEGREE}))\W{{0,8}}[\])>}}»】]", re.IGNORECASE
)
_LABELLED: Final = re.compile(
    rf"(?<!\w)(?:độ (?:bí )?mật|do mat)\s*[:=–—-]\s*\W?(?:{_LEVEL}|mat){_NOT_IN_WORD}", re.IGNORECASE
)
_AT_START: Final = re.compile(rf"\W*{_LEVEL}(?:\s*[:.|–—]|\s+-)", re.IGNORECASE)
_AT_END: Final = re.compile(rf"\s[-–—|]\s*{_LEVEL}\W*$", re.IGNORECASE)

_QUOTES: Final = "\"“”'‘’"
_STAMP: Final = rf"[{_QUOTES}]?(?:(?:TUYỆT|TỐI) ?MẬT|MẬT){_NOT_IN_WORD}[{_QUOTES}]?"
_STAMPS: Final = re.compile(
    rf"(?<!\w){_STAMP}(?:\s*(?:[,;/–-]|và|hoặc|VÀ|HOẶC)\s*(?:(?:độ|dấu|ĐỘ|DẤU) )?{_STAMP})*"
)
_SPEAKS_OF_SECRECY: Final = re.compile(
    "bí mật nhà nước|giải mật|(?:xác định|thay đổi|điều chỉnh) độ mật|(?:mẫu|con|đóng|khắc) dấu",
    re.IGNORECASE,
)
_WORD_BEFORE: Final = re.compile(r"(?:(\w+) )?(\w+) $")
_NEAR: Final = 40
_WORD_AFTER: Final = re.compile(r" (\w+)(?: (\w+))?")
# Words that make another word together with “mật”: secret, secure, bile, honey, density, cipher …
_MAKE_A_WORD_BEFORE: Final = re.compile(
    "bí|bảo|cơ|giải|nghiêm|cẩn|chu|thân|túi|sỏi|gan|đường|ống|dịch|viêm|ong|ngọt"
)
_MAKE_A_WORD_AFTER: Final = re.compile(
    "độ|mã|khẩu|ong|thiết|vụ|lệnh|thư|thám|tông|nghị|mía|rỉ|hoa|nhân|gấu|viện|ước|đàm|hiệu|ngữ|sơn"
)
# The last syllables of tài liệu, văn bản, hồ sơ, thông tin, công văn.
_CAN_BE_SECRET: Final = frozenset({"liệu", "bản", "sơ", "tin", "văn"})
_APART: Final = "M Ậ T"
_LETTERS_APART: Final = re.compile(r"(?<!\w)(?:\w ){2,}\w(?!\w)")


class _Kind(Enum):
    """How the text of an element is looked at."""

    TEXT = "a sentence or name, in which a mark may stand"
    MARKING = "one or two words, of which a level may be one"
    OTHER = "anything else: a mark if it is a level and nothing else"


def find_mark(tree: etree._ElementTree) -> StateSecret | None:
    """Return the finding that a document is marked as a state secret, with its place, or None."""
    for element in tree.getroot().iter("*"):
        name, kind = _kind(str(element.tag))
        if kind is None or (name == "Description" and _is_of_status(element)):
            continue
        is_named = kind is not _Kind.OTHER
        text = "".join(element.itertext()) if is_named and len(element) else element.text or ""
        # Most texts can be told at a glance: plain ASCII without the word in it.
        if (not text.isascii() or _MAY_BE_MARKED.search(text)) and _is_marked(kind, text):
            shown = name if is_named else _UNNAMED
            return StateSecret(xpath=xpath_of(element), line=line_of(element), name=shown)
    return None


@lru_cache(maxsize=512)
def _kind(tag: str) -> tuple[str, _Kind | None]:
    """Return the local name in an expanded name, and how the element's text is looked at."""
    name = split(tag)[1]
    if name in _PASSED:
        return name, None
    if name in _MARKINGS:
        return name, _Kind.MARKING
    return name, _Kind.TEXT if name in _TEXTS else _Kind.OTHER


def is_marked(text: str) -> bool:
    """Tell whether a subject or another free text bears a mark of secrecy."""
    text = _plain(text)
    if not _MAY_BE_MARKED.search(text):
        return False
    speaks = _SPEAKS_OF_SECRECY.search(text) is not None
    if _is_level(text) or _LABELLED.search(text) or _AT_START.match(text):
        return True
    if any(not (speaks and found[1]) for found in _BRACKETED.finditer(text)):
        return True
    if not speaks and _AT_END.search(text):
        return True
    return _is_stamped(text, in_capitals=text == text.upper(), speaks=speaks)


def _is_marked(kind: _Kind, text: str) -> bool:
    """Tell whether the text of an element bears a mark."""
    if kind is _Kind.OTHER:
        return len(text) <= _LONGEST_WHOLE and _is_level(_plain(text))
    if kind is _Kind.MARKING and _is_stamped(_plain(text).upper(), in_capitals=False, speaks=False):
        return True
    return is_marked(text)


def _is_of_status(element: etree._Element) -> bool:
    """Tell whether a Description is that of a status, not that of an attachment."""
    parent = element.getparent()
    return parent is not None and next(parent.iterchildren("{*}StatusCode"), None) is not None


def _plain(text: str) -> str:
    """Return a text composed (NFKC), without what nobody sees, with single spaces and no letters s p a c e d."""
    seen = unicodedata.normalize("NFKC", INVISIBLE.sub("", text.strip()[:_LONGEST]))
    words = " ".join(seen.replace("_", " ").split())
    return _LETTERS_APART.sub(lambda found: found[0].replace(" ", ""), words) if _APART in words else words


def _is_level(text: str) -> bool:
    """Tell whether a plain text is a level of secrecy and nothing else, a file's ending aside."""
    return _WHOLE.fullmatch(_FILE_ENDING.sub("", text)) is not None


def _is_stamped(text: str, *, in_capitals: bool, speaks: bool) -> bool:
    """Tell whether a plain text has a level in capitals that is a mark."""
    stamps = list(islice(_STAMPS.finditer(text), _MOST_STAMPS + 1))
    marks = (_is_stamp(text, stamp, in_capitals=in_capitals, speaks=speaks) for stamp in stamps)
    return len(stamps) > _MOST_STAMPS or any(marks)


def _is_stamp(text: str, found: re.Match[str], *, in_capitals: bool, speaks: bool) -> bool:
    """Tell whether a level in capitals is a mark, and not part of a word or of a sentence about secrecy."""
    before, after = (
        _WORD_BEFORE.search(text[max(0, found.start() - _NEAR) : found.start()]),
        _WORD_AFTER.match(text, found.end()),
    )
    previous = before[2].casefold() if before else ""
    if speaks and (previous in {"độ", "dấu"} or found[0][0] in _QUOTES):
        return False
    if found[0].strip(_QUOTES) != "MẬT":
        return True
    if _is_in_a_word(previous, after):
        return False
    if not in_capitals:
        return True
    is_described = previous in _CAN_BE_SECRET and before is not None and before.start() > 0
    return not is_described and previous != "độ" and (before is None or after is None)


def _is_in_a_word(previous: str, after: re.Match[str] | None) -> bool:
    """Tell whether the words around “mật” make another word of it."""
    following, next_but_one = (word.casefold() for word in after.groups("")) if after else ("", "")
    if following == "báo":  # mật báo is a word, mật báo cáo is a mark before another one
        return next_but_one != "cáo"
    return bool(_MAKE_A_WORD_BEFORE.fullmatch(previous) or _MAKE_A_WORD_AFTER.fullmatch(following))
