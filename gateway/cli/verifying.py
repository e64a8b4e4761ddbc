"""The work behind `vanthu verify`: from the files on the command line to a report and an exit.

Invariant: once every file could be read, the exit is one of the four that say an indication, whatever the file holds and whatever
goes wrong; a defect of this software is told on standard error, and the verdict is that nothing could be decided.
"""

from __future__ import annotations

import hashlib
import json
import sys
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from certs.errors import BadTrustBundleError
from certs.indication import SubIndication
from gateway.cli.exits import Exit
from gateway.cli.verification.certificate import judge_certificate
from gateway.cli.verification.documents import (
    Bind,
    FindAgency,
    bind_to_subject,
    judge_edxml,
    judge_xml,
)
from gateway.cli.verification.errors import ValidationBrokeError
from gateway.cli.verification.inputs import Relied, load_policy, load_source, load_trust
from gateway.cli.verification.report import Judgement, Report

if TYPE_CHECKING:
    from gateway.pdf_worker.client import PdfWorker

_PDF_SECONDS: Final = 0.9
"""Processor time for a PDF of up to a mebibyte, from the start of the command: an answer takes less than a second on one core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for; `at` is aware."""

    file: Path
    kind: Literal["edxml", "xmldsig", "pdf", "cert", "tst"]
    anchors: tuple[Path, ...] = ()
    intermediates: tuple[Path, ...] = ()
    lists: tuple[Path, ...] = ()
    answers: tuple[Path, ...] = ()
    at: datetime
    by_subject: bool = False
    registry: Path | None = None
    policy: Path | None = None
    data: Path | None = None


def verify(request: Request, *, json_to: str | None) -> Exit:
    """Verify a file and print or write the report.

    Raises:
        UnreadableFileError: the list of agencies or the policy cannot be used.
        OSError: a file cannot be read or written.

    """
    report = examine(request)
    if json_to is None:
        from gateway.cli.portrayal import show_report  # noqa: PLC0415 - start-up time

        show_report(report, request.file)
        return report.exit
    text = json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n"
    if json_to == "-":
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    else:
        Path(json_to).write_text(text, encoding="utf-8")
    return report.exit


def examine(request: Request, *, worker: PdfWorker | None = None) -> Report:
    """Return the report on a file; whoever has many PDF files gives the process that reads all of them.

    Raises:
        UnreadableFileError: the list of agencies or the policy cannot be used.
        OSError: a file cannot be read.

    """
    if request.kind == "pdf":
        return _examine_pdf(request, worker)
    bind = _binder(request)

    def judge(source: bytes | Path, _sha256: str, relied: Relied) -> Judgement:
        return _judge(source, request, relied, bind)

    return _report(request, judge)


def _examine_pdf(request: Request, worker: PdfWorker | None) -> Report:
    """Return the report on a PDF; the process that reads it starts while everything else is loaded."""
    from gateway.pdf_worker.client import PdfWorker  # noqa: PLC0415 - start-up time

    with nullcontext(worker) if worker is not None else PdfWorker(in_all=_PDF_SECONDS) as reading:
        reading.start()
        from gateway.cli.verification.pdf import judge_pdf_file  # noqa: PLC0415 - start-up time

        find = _finder(request)

        def judge(_source: bytes | Path, sha256: str, relied: Relied) -> Judgement:
            facts = reading.read(request.file)
            return judge_pdf_file(facts, sha256=sha256, trust=relied.trust, at=request.at, find=find)

        return _report(request, judge)


def _report(request: Request, judge: Callable[[bytes | Path, str, Relied], Judgement]) -> Report:
    source = load_source(request.file)
    sha256, size = _measured(source)
    policy = load_policy(request.policy)
    relied: Relied | None = None
    try:
        relied = load_trust(
            request.anchors, request.intermediates, request.lists, request.answers, policy=policy
        )
        judgement = judge(source, sha256, relied)
        judgement = replace(judgement, remarks=(*relied.refused, *judgement.remarks))
    except OSError:
        raise
    except BadTrustBundleError as error:
        judgement = Judgement.undecided(error, SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE)
    except Exception as defect:  # noqa: BLE001 - whatever breaks here must not look like an answer about the file
        traceback.print_exception(defect)
        judgement = Judgement.undecided(ValidationBrokeError(kind=type(defect).__name__), None)
    return Report(
        kind=request.kind,
        judgement=judgement,
        policy=policy.label,
        at=request.at,
        trust_version=relied.trust.version if relied is not None else None,
        document_sha256=sha256,
        size=size,
    )


def _judge(source: bytes | Path, request: Request, relied: Relied, bind: Bind | None) -> Judgement:
    match request.kind:
        case "edxml":
            return judge_edxml(source, trust=relied.trust, at=request.at, bind=bind)
        case "xmldsig":
            return judge_xml(source, trust=relied.trust, at=request.at)
        case "tst":
            from gateway.cli.verification.timestamp import judge_timestamp  # noqa: PLC0415 - start-up time

            return judge_timestamp(source, data=request.data, trust=relied.trust, at=request.at)
        case _:
            return judge_certificate(source, trust=relied.trust, at=request.at)


def _binder(request: Request) -> Bind | None:
    if request.by_subject:
        return bind_to_subject
    if request.registry is None:
        return None
    from gateway.cli.verification.registered import binder  # noqa: PLC0415 - start-up time

    return binder(request.registry, at=request.at)


def _finder(request: Request) -> FindAgency | None:
    if request.by_subject:
        from gateway.cli.verification.pdf import find_by_subject  # noqa: PLC0415 - start-up time

        return find_by_subject
    if request.registry is None:
        return None
    from gateway.cli.verification.registered import finder  # noqa: PLC0415 - start-up time

    return finder(request.registry, at=request.at)


def _measured(source: bytes | Path) -> tuple[str, int]:
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest(), len(source)
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
