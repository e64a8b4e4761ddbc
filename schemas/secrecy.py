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
from typing import Final

from lxml import etree

from schemas.errors import StateSecret
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

_LEVEL: Final = r"(?:(?:tuyệt|tối) ?mật|mật|tuyet mat|toi mat)"
# With “độ”, “độ mật” or “do mat” before it, even a plain “mat” is a level.
_DEGREE: Final = rf"(?:(?:(?:mức |cấp )?độ|do)(?: m[ậa]t)?\W*(?:{_LEVEL}|mat))"
_NOT_IN_WORD: Final = r"(?!\w)"
_WHOLE: Final = re.compile(rf"\W*(?:{_LEVEL}|{_DEGREE})\W*", re.IGNORECASE)
_FILE_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{2,5}$")
_BRACKETED: Final = re.compile(rf"[\[(<{{«【]\W*(?:{_LEVEL}|({_DEGREE}))\W*[\])>}}»】]", re.IGNORECASE)
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
_LETTERS_APART: Final = re.compile(r"(?<!\w)(?:\w ){2,}\w(?!\w)")
_FILLERS: Final = frozenset("\u034f\u115f\u1160\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}


def find_mark(tree: etree._ElementTree) -> StateSecret | None:
    """Return the finding that a document is marked as a state secret, with its place, or None."""
    for element in tree.getroot().iter("*"):
        name = split(str(element.tag))[1]
        if name in _PASSED or (name == "Description" and _is_of_status(element)):
            continue
        is_named = name in _TEXTS or name in _MARKINGS
        text = "".join(element.itertext()) if is_named else element.text
        if text and not text.isspace() and _is_marked(name, text):
            shown = name if is_named else _UNNAMED
            return StateSecret(xpath=xpath_of(element), line=line_of(element), name=shown)
    return None


def is_marked(text: str) -> bool:
    """Tell whether a subject or another free text bears a mark of secrecy."""
    text = _plain(text)
    speaks = _SPEAKS_OF_SECRECY.search(text) is not None
    if _is_level(text) or _LABELLED.search(text) or _AT_START.match(text):
        return True
    if any(not (speaks and found[1]) for found in _BRACKETED.finditer(text)):
        return True
    if not speaks and _AT_END.search(text):
        return True
    in_capitals = text == text.upper()
    return any(
        _is_stamp(text, found, in_capitals=in_capitals, speaks=speaks) for found in _STAMPS.finditer(text)
    )


def _is_marked(name: str, text: str) -> bool:
    """Tell whether the text of an element bears a mark."""
    if name in _MARKINGS:
        loud = _plain(text).upper()
        stamps = _STAMPS.finditer(loud)
        return is_marked(text) or any(
            _is_stamp(loud, found, in_capitals=False, speaks=False) for found in stamps
        )
    if name in _TEXTS:
        return is_marked(text)
    return len(text) <= _LONGEST_WHOLE and _is_level(_plain(text))


def _is_of_status(element: etree._Element) -> bool:
    """Tell whether a Description is that of a status, not that of an attachment."""
    parent = element.getparent()
    return parent is not None and split(str(parent.tag))[1] == "MessageHeader"


def _plain(text: str) -> str:
    """Return a text composed (NFKC), without what nobody sees, with single spaces and no letters s p a c e d."""
    seen = "".join(c for c in text if unicodedata.category(c) != "Cf" and c not in _FILLERS)
    words = " ".join(unicodedata.normalize("NFKC", seen).replace("_", " ").split())
    return _LETTERS_APART.sub(lambda found: found[0].replace(" ", ""), words)


def _is_level(text: str) -> bool:
    """Tell whether a plain text is a level of secrecy and nothing else, a file's ending aside."""
    return _WHOLE.fullmatch(_FILE_ENDING.sub("", text)) is not None


def _is_stamp(text: str, found: re.Match[str], *, in_capitals: bool, speaks: bool) -> bool:
    """Tell whether a level in capitals is a mark, and not part of a word or of a sentence about secrecy."""
    before, after = _WORD_BEFORE.search(text[: found.start()]), _WORD_AFTER.match(text, found.end())
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
