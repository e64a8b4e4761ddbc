"""What a time-stamping authority asserts: the TSTInfo of RFC 3161 §2.4.2, read from its octets.

Invariant: every field was read and has a value that the standard allows; an extension that must be understood and is not makes it
unusable.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from certs.der import (
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    Children,
    DerError,
    Value,
    explicit,
    implicit,
)
from certs.errors_timestamp import TimestampExtensionError, TimestampShapeError
from certs.rules_timestamp import TimestampRule

SHA1: Final = "1.3.14.3.2.26"
SHA256: Final = "2.16.840.1.101.3.4.2.1"
_GEN_TIME: Final = re.compile(rb"([0-9]{14})(?:\.([0-9]{1,9}))?Z")
_YEARS: Final = range(1950, 9999)
"""The years of certificates (RFC 5280 §4.1.2.5), less the last, part of which is outside the calendar in other zones."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An AlgorithmIdentifier: its OID, and its parameters if they are anything but NULL."""

    oid: str
    parameters: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What the authority asserts (TSTInfo): that a digest existed at a time, within an accuracy."""

    gen_time: datetime
    accuracy: timedelta | None
    policy: str
    serial_number: int
    imprint_algorithm: Algorithm
    imprint: bytes
    nonce: int | None


def read_info(content: bytes) -> Info:
    """Read a TSTInfo.

    Raises: DerError, TimestampShapeError, TimestampExtensionError.
    """
    parts = Value.read(content).expect(SEQUENCE).children()
    if parts.take(INTEGER).integer() != 1:
        raise TimestampShapeError(TimestampRule.VERSION)
    policy = parts.take(OBJECT_IDENTIFIER).identifier()
    imprint = parts.take(SEQUENCE).children()
    algorithm, digest = read_algorithm(imprint.take(SEQUENCE)), imprint.take(OCTET_STRING).contents
    imprint.end()
    serial_number = parts.take(INTEGER).integer()
    gen_time = _time(parts.take(GENERALIZED_TIME).contents)
    accuracy = parts.maybe(SEQUENCE)
    ordering = parts.maybe(BOOLEAN)
    if ordering is not None:
        ordering.boolean()
    nonce = parts.maybe(INTEGER)
    # A name that the authority gives itself says nothing that its certificate does not say.
    parts.maybe(explicit(0))
    extensions = parts.maybe(explicit(1))
    parts.end()
    if extensions is not None:
        _check_extensions(extensions.children().all())
    return Info(
        gen_time=gen_time,
        accuracy=_accuracy(accuracy.children()) if accuracy is not None else None,
        policy=policy,
        serial_number=serial_number,
        imprint_algorithm=algorithm,
        imprint=digest,
        nonce=nonce.integer() if nonce is not None else None,
    )


def read_algorithm(value: Value) -> Algorithm:
    """Read an AlgorithmIdentifier.

    Raises: DerError.
    """
    parts = value.expect(SEQUENCE).children()
    oid = parts.take(OBJECT_IDENTIFIER).identifier()
    rest = parts.all()
    if len(rest) > 1:
        raise DerError("not an AlgorithmIdentifier")
    is_null = not rest or rest[0].octets == b"\x05\x00"
    return Algorithm(oid, None if is_null else rest[0])


def _time(contents: bytes) -> datetime:
    match = _GEN_TIME.fullmatch(contents)
    if match is None:
        raise TimestampShapeError(TimestampRule.GEN_TIME)
    whole = match[1].decode()
    # RFC 3161 §2.4.2 leaves the number of decimals open; a datetime has six.
    micros = int((match[2] or b"0").ljust(6, b"0")[:6])
    pieces = (whole[:4], *(whole[place : place + 2] for place in range(4, 14, 2)))
    year, month, day, hour, minute, second = map(int, pieces)
    if year not in _YEARS:
        raise TimestampShapeError(TimestampRule.GEN_TIME)
    try:
        return datetime(year, month, day, hour, minute, second, micros, tzinfo=UTC)
    except ValueError as error:
        raise TimestampShapeError(TimestampRule.GEN_TIME) from error


def _accuracy(parts: Children) -> timedelta:
    seconds, millis, micros = parts.maybe(INTEGER), parts.maybe(implicit(0)), parts.maybe(implicit(1))
    parts.end()
    small = [each.integer(each.tag) if each is not None else 0 for each in (millis, micros)]
    whole = seconds.integer() if seconds is not None else 0
    if not 0 <= whole < 1 << 31 or not all(0 <= each < 1000 for each in small):  # noqa: PLR2004 - both 1..999
        raise DerError("not an Accuracy")
    return timedelta(seconds=whole, milliseconds=small[0], microseconds=small[1])


def _check_extensions(extensions: Iterable[Value]) -> None:
    for extension in extensions:
        parts = extension.expect(SEQUENCE).children()
        oid = parts.take(OBJECT_IDENTIFIER).identifier()
        critical = parts.maybe(BOOLEAN)
        parts.take(OCTET_STRING)
        parts.end()
        if critical is not None and critical.boolean():
            raise TimestampExtensionError(extension=oid)
