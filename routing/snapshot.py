"""Snapshots of a registry: its whole content as one file that a gateway signs and others verify before they use it.

The first line of a file is a statement (`routing.statement`) of type ``registry_snapshot``; after it come the lines of the
content (`routing.snapshot_lines`), sorted. A delta, ``registry_delta``, leads from one version to another: each of its lines
wraps one that is ``added`` or ``removed``.

As in The Update Framework (TUF 1.0) a reader is protected against rollback, because versions never go back; against freeze,
because a statement expires; and against mixing, because one hash is over all of it.

Invariants: nothing of a file is returned unless all of it was verified; whatever octet is changed, the file is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Annotated, Any, Final, cast

import msgspec

from routing.canonical import Json, canonical_json
from routing.errors_snapshot import (
    DeltaMismatchError,
    SnapshotAlteredError,
    SnapshotDiffersError,
    SnapshotEarlyError,
    SnapshotExpiredError,
    SnapshotForeignError,
    SnapshotOlderError,
)
from routing.note import PrivateKey, Verifier
from routing.snapshot_lines import Item, content_sha256, malformed, read_line
from routing.statement import StatementType, open_statement, sign_statement

SNAPSHOT: Final = StatementType(name="registry_snapshot")
DELTA: Final = StatementType(name="registry_delta")

KEY_SUFFIX: Final = "/registry"
"""What the name of a key ends in that may sign a registry; the gateway's other keys may not."""
LIFE: Final = timedelta(hours=24)
"""For how long a signature is good."""
LONGEST_LIFE: Final = timedelta(days=7)
"""A statement that would be good for longer is not believed, whoever signed it."""
SKEW: Final = timedelta(minutes=5)
"""By how much the clocks of two machines may differ."""
MAX_SIZE: Final = 512 * 2**20
"""Octets of a file; a country's registry has 50 MB."""

_ADDED: Final = b'{"added":'
_REMOVED: Final = b'{"removed":'


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a reader knows of a registry already."""

    version: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is signed. `sha256` is the registry's, `body_sha256` that of all octets after the first line."""

    registry: str
    version: int
    sha256: str
    body_sha256: str
    lines: int
    issued: datetime
    expires: datetime
    from_version: int | None = None
    from_sha256: str | None = None

    @property
    def known(self) -> Known:
        """What a reader knows once this is verified."""
        return Known(version=self.version, sha256=self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A verified snapshot: its lines, and what they say, in the same order."""

    header: Header
    lines: tuple[bytes, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A verified delta."""

    header: Header
    added: tuple[bytes, ...]
    removed: tuple[bytes, ...]

    def apply(self, lines: Iterable[bytes]) -> tuple[bytes, ...]:
        """Return the lines of the version to which it leads.

        Raises:
            DeltaMismatchError: these are not the lines from which it leads.
            SnapshotAlteredError: what comes out is not what was signed.

        """
        held = set(lines)
        if not held.issuperset(self.removed) or not held.isdisjoint(self.added):
            raise DeltaMismatchError(from_version=self.header.from_version, known="lines")
        after = sorted((held - set(self.removed)) | set(self.added))
        _check_hash(self.header.sha256, content_sha256(after))
        return tuple(after)


_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Facts(msgspec.Struct, forbid_unknown_fields=True):
    registry: str
    version: int
    sha256: str
    body_sha256: str
    lines: int
    issued: _Moment
    expires: _Moment
    from_version: int | None = None
    from_sha256: str | None = None


def body_of(lines: Iterable[bytes]) -> bytes:
    """Return the octets of a snapshot after its first line."""
    return b"".join(each + b"\n" for each in sorted(lines))


def delta_body(before: Iterable[bytes], after: Iterable[bytes]) -> bytes:
    """Return the octets of a delta after its first line."""
    old, new = set(before), set(after)
    lines = [_REMOVED + each + b"}\n" for each in sorted(old - new)]
    lines += [_ADDED + each + b"}\n" for each in sorted(new - old)]
    return b"".join(lines)


def sign_header(
    body: bytes,
    *,
    version: int,
    sha256_of_content: str,
    since: Known | None = None,
    at: datetime,
    key: PrivateKey,
    key_name: str,
) -> bytes:
    """Return the first line of a file with this body: a snapshot, or with `since` a delta."""
    facts: dict[str, Json] = {
        "registry": key_name,
        "version": version,
        "sha256": sha256_of_content,
        "body_sha256": sha256(body).hexdigest(),
        "lines": body.count(b"\n"),
        "issued": _text(at),
        "expires": _text(at + LIFE),
    }
    if since is not None:
        facts |= {"from_version": since.version, "from_sha256": since.sha256}
    kind = SNAPSHOT if since is None else DELTA
    return canonical_json(sign_statement(kind, facts, key=key, key_name=key_name)) + b"\n"


def open_snapshot(
    data: bytes, verifiers: Iterable[Verifier], *, known: Known | None, at: datetime
) -> Snapshot:
    """Verify a snapshot and return it; `known` is the newest version that the reader has seen.

    Raises:
        SnapshotError: it must not be used; the class says why.
        StatementError: it was not signed, or by a key that is not among the verifiers.

    """
    header, body = _open(SNAPSHOT, data, verifiers, known=known, at=at)
    lines = tuple(body.split(b"\n")[:-1])
    if any(first >= second for first, second in pairwise(lines)):
        raise malformed(0, vi="các dòng không theo thứ tự", en="its lines are not in order")
    _check_hash(header.sha256, content_sha256(lines))
    return Snapshot(header=header, lines=lines, items=read_lines(lines))


def open_delta(data: bytes, verifiers: Iterable[Verifier], *, known: Known, at: datetime) -> Delta:
    """Verify a delta that leads on from `known` and return it.

    Raises:
        SnapshotError: it must not be used; the class says why.
        StatementError: it was not signed, or by a key that is not among the verifiers.

    """
    header, body = _open(DELTA, data, verifiers, known=known, at=at)
    if (header.from_version, header.from_sha256) != (known.version, known.sha256):
        raise DeltaMismatchError(from_version=header.from_version, known=known.version)
    lines = body.split(b"\n")[:-1]
    removed = [_unwrapped(each, _REMOVED) for each in lines if each.startswith(_REMOVED)]
    added = [_unwrapped(each, _ADDED) for each in lines[len(removed) :]]
    for some in (removed, added):
        if some != sorted(set(some)):
            raise malformed(0, vi="các dòng không theo thứ tự", en="its lines are not in order")
    read_lines(added)
    return Delta(header=header, added=tuple(added), removed=tuple(removed))


def read_header(data: bytes) -> Mapping[str, Any]:
    """Return what the first line of a file says, verified by nobody: for showing which key would be needed.

    Raises:
        SnapshotMalformedError: it is not in the form of a statement.

    """
    try:
        signed = msgspec.json.decode(data.partition(b"\n")[0], type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise malformed(1, vi="không phải bản chụp danh mục", en="it is no snapshot of a registry") from None
    return signed


def read_lines(lines: Iterable[bytes]) -> tuple[Item, ...]:
    """Read lines of a content; the first of a file is line 2.

    Raises:
        SnapshotMalformedError: one is not what a line must be.

    """
    return tuple(read_line(line, row=row) for row, line in enumerate(lines, start=2))


def _open(
    kind: StatementType, data: bytes, verifiers: Iterable[Verifier], *, known: Known | None, at: datetime
) -> tuple[Header, bytes]:
    """Verify what the first line says, of itself and of the body."""
    if len(data) > MAX_SIZE:
        raise malformed(0, vi="tệp quá lớn", en="the file is too large")
    first, newline, body = data.partition(b"\n")
    signed = read_header(first)
    statement = open_statement(kind, signed, verifiers)
    if not newline or canonical_json(cast("Mapping[str, Json]", signed)) != first:
        raise malformed(
            1, vi="dòng đầu không ở dạng chuẩn tắc", en="the first line is not in its canonical form"
        )
    header = _header(statement.facts)
    if header.registry != statement.signer.name or not header.registry.endswith(KEY_SUFFIX):
        raise SnapshotForeignError(registry=header.registry, expected=statement.signer.name)
    _check_time(header, at)
    _check_version(header, known)
    _check_hash(header.body_sha256, sha256(body).hexdigest())
    if body.count(b"\n") != header.lines or not (body.endswith(b"\n") or not body):
        raise malformed(0, vi="số dòng khác với đã ký", en="the number of lines is not what was signed")
    return header, body


def _header(facts: Mapping[str, Json]) -> Header:
    try:
        found = msgspec.convert(dict(facts), _Facts, strict=True)
    except msgspec.MsgspecError:
        raise malformed(1, vi="dòng đầu sai định dạng", en="the first line does not have its form") from None
    return Header(**{name: getattr(found, name) for name in _Facts.__struct_fields__})


def _check_time(header: Header, at: datetime) -> None:
    if header.issued - SKEW > at:
        raise SnapshotEarlyError(issued=_text(header.issued))
    if at >= header.expires:
        raise SnapshotExpiredError(expires=_text(header.expires))
    if header.expires - header.issued > LONGEST_LIFE:
        raise malformed(1, vi="thời hạn quá dài", en="it would be good for too long")


def _check_version(header: Header, known: Known | None) -> None:
    if known is None:
        return
    if header.version < known.version:
        raise SnapshotOlderError(version=header.version, known=known.version)
    if header.version == known.version and header.sha256 != known.sha256:
        raise SnapshotDiffersError(version=header.version, expected=known.sha256, found=header.sha256)


def _check_hash(expected: str, found: str) -> None:
    if expected != found:
        raise SnapshotAlteredError(expected=expected, found=found)


def _unwrapped(line: bytes, wrapping: bytes) -> bytes:
    if not line.startswith(wrapping) or not line.endswith(b"}"):
        raise malformed(0, vi="dòng không phải thêm hay bớt", en="a line neither adds nor removes")
    return line[len(wrapping) : -1]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
