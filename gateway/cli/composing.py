"""The work behind `vanthu compose`: read the description, write a draft, sign it, and only then give it its name."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from certs.errors_signing import CannotSignError
from gateway.cli.drafts import draft_of, refuse_existing
from gateway.cli.exits import Exit
from gateway.cli.failures import explain
from gateway.cli.output import (
    UnreadableFileError,
    count,
    make_console,
    measure_file,
    print_json,
    read_file,
    show_facts,
    show_fault,
    show_verdict,
)
from gateway.cli.portrait import rows_of
from gateway.cli.showing import LABEL, show_attachments
from gateway.cli.signers import certificate_text
from gateway.cli.signing import Identity, load_identity, sign_file
from gateway.client.errors import Fault
from gateway.clock import utc_now
from gateway.flow.composing import Supplied, opener_of, write_message
from gateway.flow.findings import Finding
from gateway.flow.outline import outline
from schemas.document import Document, StatusMessage
from schemas.errors import MetadataUnreadable, SchemaError, SchemaErrors

_STDOUT: Final = Path("-")
_EXAMPLE: Final = "compose-example.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What was written."""

    message: Document | StatusMessage
    warnings: tuple[SchemaError, ...]
    output: Path
    size: int
    sha256: str
    identity: Identity | None


@explain.register
def _(error: SchemaErrors) -> Exit:
    console = make_console(error=True)
    show_verdict(console, good=False, vi="KHÔNG SOẠN ĐƯỢC", en=f"not composed; faults: {len(error.errors)}")
    for fault in error.errors:
        show_fault(console, Fault.read(Finding.of(fault).as_json()))
    return Exit.REFUSED


def example() -> str:
    """Return a complete description with comments, in TOML."""
    return files("gateway.cli").joinpath(_EXAMPLE).read_text(encoding="utf-8")


def compose(
    meta: Path,
    attached: Sequence[Path],
    output: Path,
    *,
    identity: tuple[Path, Path] | None,
    force: bool,
    as_json: bool,
) -> None:
    """Compose a message, sign it if there is an identity, write it to `output`, and print what is in it.

    Raises:
        SchemaErrors: description or files are refused, with every fault.
        UnreadableFileError: a file cannot be read or used, or the output is there already.

    """
    if output != _STDOUT:
        refuse_existing(output, force=force)
    metadata = _metadata(meta)
    signer = load_identity(*identity) if identity else None
    with _target(output, force=force) as draft:
        result = _composed(metadata, attached, draft, output, signer)
    if as_json and output != _STDOUT:
        print_json(_as_json(result))
    else:
        _show(make_console(error=output == _STDOUT), result)


def _metadata(path: Path) -> dict[str, Any]:
    text = read_file(path)
    form = "JSON" if path.suffix.lower() == ".json" or text.lstrip().startswith(b"{") else "TOML"
    try:
        loaded = json.loads(text) if form == "JSON" else tomllib.loads(text.decode("utf-8"))
    except ValueError as error:
        raise SchemaErrors((MetadataUnreadable(form=form, reason=error),)) from error
    if not isinstance(loaded, dict):
        raise SchemaErrors((MetadataUnreadable(form=form, reason="{ … }?"),))
    return loaded


@contextmanager
def _target(output: Path, *, force: bool) -> Iterator[Path]:
    """Give a file to write to, whose content gets to the output when all is well."""
    if output != _STDOUT:
        with draft_of(output, force=force) as draft:
            yield draft
        return
    with tempfile.TemporaryDirectory(prefix="vanthu-") as folder:
        draft = Path(folder) / "draft.edxml"
        yield draft
        with draft.open("rb") as written:
            shutil.copyfileobj(written, sys.stdout.buffer)


def _composed(
    metadata: dict[str, Any], attached: Sequence[Path], draft: Path, output: Path, signer: Identity | None
) -> _Result:
    supplied = [Supplied(name=path.name, open=opener_of(path)) for path in attached]
    try:
        composed = write_message(metadata, supplied, draft, at=utc_now(), scratch=None)
        if signer is not None:
            _sign(composed.message, draft, signer)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
        raise UnreadableFileError(vi="Không đọc hoặc ghi được tệp", en=reason) from error
    size, sha256 = measure_file(draft)
    return _Result(
        message=composed.message,
        warnings=composed.warnings,
        output=output,
        size=size,
        sha256=sha256,
        identity=signer,
    )


def _sign(message: Document | StatusMessage, draft: Path, signer: Identity) -> None:
    if isinstance(message, StatusMessage):
        raise CannotSignError(
            reason="thông điệp trạng thái không mang chữ ký · a status message carries no signature"
        )
    with tempfile.TemporaryDirectory(dir=draft.parent, prefix=f"{draft.name}-") as folder:
        signed = Path(folder) / "signed"
        sign_file(draft, signed, identity=signer)
        signed.replace(draft)


def _as_json(result: _Result) -> dict[str, Any]:
    return {
        "file": str(result.output),
        "size": result.size,
        "sha256": result.sha256,
        "kind": "edoc" if isinstance(result.message, Document) else "status",
        "document": outline(result.message),
        "sender": result.message.sender.organ_id,
        "signed": result.identity is not None,
        "warnings": [Finding.of(each).as_json() for each in result.warnings],
    }


def _show(console: Console, result: _Result) -> None:
    show_verdict(console, good=True, vi="ĐÃ SOẠN", en="composed")
    rows: list[tuple[str, object]] = [
        ("Tệp · file", f"{result.output}  {count(result.size)} byte"),
        ("sha256", result.sha256),
    ]
    if result.identity is not None:
        rows.append(("Đã ký · signed by", certificate_text(result.identity.certificates[0])))
    elif isinstance(result.message, Document):
        rows.append(("Chưa ký · not signed", "--sign KEY --cert CERT"))
    show_facts(console, rows, label_width=LABEL)
    console.print()
    show_facts(console, rows_of(result.message), label_width=LABEL)
    if isinstance(result.message, Document):
        show_attachments(console, result.message)
    for warning in result.warnings:
        console.print()
        show_fault(console, Fault.read(Finding.of(warning).as_json()))
