"""The work behind `vanthu registry snapshot`: fetching, and verifying by nothing but the file and the keys that were kept."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from gateway.cli.drafts import draft_of
from gateway.cli.exits import Exit
from gateway.cli.moments import moment
from gateway.cli.output import (
    UnreadableFileError,
    count,
    local,
    make_console,
    print_json,
    read_file,
    show_facts,
    show_fault,
    show_verdict,
)
from gateway.cli.receipt_files import read_keys
from gateway.cli.remote import Result, Work
from gateway.client import Client, Fault
from routing.agencies import Agency
from routing.errors_log import LogError, StatementKeyUnknown, StatementMalformed
from routing.errors_snapshot import SnapshotError, SnapshotMalformedError
from routing.members import Member
from routing.note import Verifier
from routing.snapshot import (
    DELTA,
    MAX_SIZE,
    SNAPSHOT,
    Header,
    open_delta,
    open_snapshot,
    read_header,
    read_lines,
)

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks."""

    file: Path
    keys: tuple[str, ...]
    known: Path | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    header: Header
    lines: tuple[bytes, ...]
    is_delta: bool = False


def get(output: Path, *, since: int | None) -> Work:
    """Fetch a snapshot or a delta into a file."""

    async def work(client: Client) -> Result:
        data = await client.registry.snapshot(since=since)
        with draft_of(output, force=True) as draft:
            draft.write_bytes(data)

        def show(console: Console) -> None:
            show_verdict(console, good=True, vi=f"Đã ghi {output}", en=f"{count(len(data))} bytes")
            console.print(
                f"Kiểm tra trước khi dùng · verify: vanthu registry snapshot verify {output} --key …"
            )

        return Result(value={"file": str(output), "size": len(data)}, show=show)

    return work


def verify(request: Request, *, as_json: bool) -> Exit:
    """Verify a file, tell what it is, and return how it went."""
    verifiers = tuple(read_keys(request.keys).verifiers)
    try:
        found = _open(request, verifiers)
    except (SnapshotError, LogError) as error:
        return _refuse(error, as_json=as_json)
    items = read_lines(found.lines)
    facts: dict[str, object] = {
        "outcome": "valid",
        "kind": "delta" if found.is_delta else "snapshot",
        "registry": found.header.registry,
        "version": found.header.version,
        "sha256": found.header.sha256,
        "issued": found.header.issued.isoformat(),
        "expires": found.header.expires.isoformat(),
        "agencies": sum(isinstance(each, Agency) for each in items),
        "members": sum(isinstance(each, Member) for each in items),
    }
    if as_json:
        print_json(facts)
    else:
        _show(make_console(), found.header, facts)
    return Exit.OK


def _open(request: Request, verifiers: Sequence[Verifier]) -> _Found:
    """Verify what is asked about.

    Raises:
        SnapshotError: it must not be used.
        StatementError: nobody signed it whose key is given.
        UnreadableFileError: a file cannot be read, or a delta is given without what it leads on from.

    """
    at = moment(request.at)
    base = None if request.known is None else _known(request.known, verifiers)
    data = _content(request.file)
    if DELTA.name not in read_header(data):
        whole = open_snapshot(data, verifiers, known=None if base is None else base.header.known, at=at)
        return _Found(header=whole.header, lines=whole.lines)
    if base is None:
        raise UnreadableFileError(
            vi=f"{request.file} chỉ là phần thay đổi: cần --known",
            en="it is a delta: say what it leads on from",
        )
    delta = open_delta(data, verifiers, known=base.header.known, at=at)
    return _Found(header=delta.header, lines=delta.apply(base.lines), is_delta=True)


def _known(path: Path, verifiers: Sequence[Verifier]) -> _Found:
    """Verify the file that was used so far as of the moment when it was signed: it need not be good any longer."""
    data = _content(path)
    try:
        stated = read_header(data)[SNAPSHOT.name]
        issued = datetime.fromisoformat(stated["issued"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableFileError(
            vi=f"{path} không phải bản chụp đầy đủ", en=f"{path} is no snapshot"
        ) from error
    whole = open_snapshot(data, verifiers, known=None, at=issued)
    return _Found(header=whole.header, lines=whole.lines)


def _content(path: Path) -> bytes:
    """Return a file's octets, inflated if it is compressed, and no more than a snapshot may have."""
    data = read_file(path)
    if not data.startswith(_GZIP):
        return data
    try:
        return zlib.decompressobj(31).decompress(data, MAX_SIZE + 1)
    except zlib.error as error:
        raise UnreadableFileError(vi=f"Không đọc được {path}", en=f"cannot read {path}: {error}") from error


def _refuse(error: SnapshotError | LogError, *, as_json: bool) -> Exit:
    texts = {name: getattr(error, name).format(**error.facts) for name in ("vi", "en", "fix_vi", "fix_en")}
    is_unknown = isinstance(error, StatementKeyUnknown)
    if as_json:
        print_json({"outcome": "undecided" if is_unknown else "invalid", "code": error.code, **texts})
    else:
        level = "undecided" if is_unknown else "refuse"
        show_fault(make_console(error=True), Fault(code=error.code, level=level, **texts))
    if is_unknown:
        return Exit.UNDECIDED
    is_other = isinstance(error, SnapshotMalformedError | StatementMalformed)
    return Exit.UNREADABLE if is_other else Exit.REFUSED


def _show(console: Console, header: Header, facts: dict[str, object]) -> None:
    vi, en = "Bản chụp danh mục hợp lệ", "the registry is good to use"
    if facts["kind"] == "delta":
        vi, en = "Phần thay đổi hợp lệ và nối đúng", "the delta is good and leads on"
    show_verdict(console, good=True, vi=vi, en=en)
    show_facts(
        console,
        [
            ("danh mục · registry", header.registry),
            ("phiên bản · version", header.version),
            ("sha256", header.sha256),
            ("ký lúc · issued", f"{local(header.issued)} (+07)"),
            ("dùng đến · expires", f"{local(header.expires)} (+07)"),
            ("số phiên bản mã · rows", facts["agencies"]),
            ("số hệ thống · systems", facts["members"]),
        ],
    )
