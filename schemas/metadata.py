"""Metadata, as JSON or TOML gives it, turned into the dataclasses of `schemas.document`: strictly, and with every fault at once.

A key is the name of a field. Texts are stripped of white space around them, and an empty one is as good as none. Dates are
yyyy-MM-dd or yyyy/MM/dd, times those or ISO 8601, in Vietnam time where no zone is given; TOML's own dates and times will do.
Invariant: a value is returned only if nothing was found; no value is guessed or converted from another kind.
"""

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final

from schemas.errors import BadKeyValue, MissingKey, SchemaError, UnknownKey
from schemas.names import XML_SPACE
from schemas.values import VIETNAM, read_date, read_timestamp
from schemas.write import NOT_XML

_MOST: Final = 100
"""Faults that are told at once; nobody reads more."""
_NEAR: Final = 0.6
_KINDS: Final = {
    str: ("chữ trong dấu ngoặc kép", "text in quotation marks"),
    int: ("số nguyên không âm, tối đa 9 chữ số", "a whole number, not negative, of at most 9 digits"),
    date: ("ngày có thật, dạng yyyy-MM-dd hoặc yyyy/MM/dd", "an existing date, yyyy-MM-dd or yyyy/MM/dd"),
    datetime: (
        "thời điểm có thật, dạng yyyy-MM-dd HH:mm:ss",
        "an existing time, yyyy-MM-dd HH:mm:ss",
    ),
    dict: ("một nhóm khóa (bảng)", "a group of keys (a table)"),
    list: ("một danh sách", "a list"),
}
_NOT_CARRIED: Final = ("chữ không có ký tự điều khiển", "text without control characters")
_BIGGEST: Final = 999_999_999
_YEAR: Final = 4


class Reader:
    """Reads values and gathers what is wrong with them."""

    __slots__ = ("faults",)

    def __init__(self) -> None:
        self.faults: list[SchemaError] = []

    def add(self, fault: SchemaError, key: str) -> None:
        """Keep a fault with the key where it was found."""
        fault.key = key
        if len(self.faults) < _MOST:
            self.faults.append(fault)

    def read(self, kind: Any, value: object, key: str) -> Any:  # noqa: ANN401 - a type of any kind, and its value
        """Read a value of a kind; what is returned after a fault is of no use."""
        if isinstance(kind, types.UnionType):
            inner = next(each for each in typing.get_args(kind) if each is not types.NoneType)
            return None if is_nothing(value) else self.read(inner, value, key)
        if is_nothing(value):
            self.add(MissingKey(key=key), key)
            return None
        if typing.get_origin(kind) is tuple:
            return self._list(typing.get_args(kind)[0], value, key)
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            return self.record(kind, value, key)
        return self._leaf(kind, value, key)

    def record(
        self, kind: type, value: object, key: str = "", *, without: frozenset[str] = frozenset()
    ) -> Any:  # noqa: ANN401
        """Read a group of keys as a dataclass; fields in `without` are not given by keys."""
        if not isinstance(value, Mapping):
            self._wrong(dict, value, key)
            return None
        before = len(self.faults)
        fields = {name: field for name, field in _fields(kind).items() if name not in without}
        for name in value:
            if name not in fields:
                path = _joined(key, str(name))
                self.add(UnknownKey(key=path, known=_near(str(name), fields)), path)
        read = {
            name: self.read(_hints(kind)[name], value.get(name), _joined(key, name))
            for name, field in fields.items()
            if not is_nothing(value.get(name)) or not _has_default(field)
        }
        return kind(**read) if len(self.faults) == before else None

    def _list(self, kind: Any, value: object, key: str) -> tuple[Any, ...]:  # noqa: ANN401
        if not isinstance(value, list | tuple):
            self._wrong(list, value, key)
            return ()
        return tuple(self.read(kind, each, f"{key}[{place}]") for place, each in enumerate(value))

    def _leaf(self, kind: Any, value: object, key: str) -> Any:  # noqa: ANN401
        read = _LEAVES[kind](value)
        if read is None:
            self._wrong(kind, value, key)
        elif isinstance(read, str) and NOT_XML.search(read):
            vi, en = _NOT_CARRIED
            self.add(BadKeyValue(key=key, value=_shown(value), expected_vi=vi, expected_en=en), key)
        return read

    def _wrong(self, kind: Any, value: object, key: str) -> None:  # noqa: ANN401
        vi, en = _KINDS[kind]
        self.add(BadKeyValue(key=key, value=_shown(value), expected_vi=vi, expected_en=en), key)


def is_nothing(value: object) -> bool:
    """Tell whether a value says nothing: null, an empty text or an empty list."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip(XML_SPACE))


def _text(value: object) -> str | None:
    return value.strip(XML_SPACE) if isinstance(value, str) else None


def _number(value: object) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= _BIGGEST else None  # type: ignore[operator, return-value]  # said above


def _date(value: object) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not value.strip(XML_SPACE)[:_YEAR].isdecimal():
        return None
    read = read_date(value.strip(XML_SPACE))
    return read.value if read else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=VIETNAM)
        return moment.astimezone(UTC).replace(microsecond=0)
    if not isinstance(value, str) or not value.strip(XML_SPACE)[:_YEAR].isdecimal():
        return None
    read = read_timestamp(value.strip(XML_SPACE))
    return read.value if read else None


_LEAVES: Final[Mapping[Any, Any]] = {str: _text, int: _number, date: _date, datetime: _moment}


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@cache
def _fields(kind: type) -> dict[str, "dataclasses.Field[Any]"]:
    return {field.name: field for field in dataclasses.fields(kind)}


def _has_default(field: "dataclasses.Field[Any]") -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _joined(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _near(name: str, known: Mapping[str, object]) -> str:
    """Name the keys that look like this one, however it is written; if none does, all of them."""
    plain = {each.replace("_", ""): each for each in known}
    asked = "".join(letter for letter in name.casefold() if letter.isalnum())
    near = difflib.get_close_matches(asked, plain, n=2, cutoff=_NEAR)
    return ", ".join(plain[each] for each in near) or ", ".join(known)


def _shown(value: object) -> str:
    """Write a value so that it is seen whether it is text."""
    if isinstance(value, str):
        return f"“{value}”"
    if isinstance(value, Mapping | list | tuple):
        return "{…}" if isinstance(value, Mapping) else "[…]"
    return str(value)
