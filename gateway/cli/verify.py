"""`vanthu verify`: the verdict on one signed file, for a court, a clerk and a script."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gateway.cli.check import Anchors, Lists, Registry
from gateway.cli.moments import FORMATS, moment


class FileType(StrEnum):
    """What kinds of file can be verified."""

    EDXML = "edxml"
    XMLDSIG = "xmldsig"
    PDF = "pdf"
    CERT = "cert"
    TST = "tst"


class BindingName(StrEnum):
    """How the signer can be held against the sender without a list of agencies."""

    SUBJECT = "subject.serialNumber"


Signed: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", help="Tệp cần kiểm tra · file.", show_default=False)
]
Intermediates: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--intermediate",
        metavar="PEM",
        help="Chứng thư trung gian, dùng nhiều lần được · intermediate; may be repeated.",
    ),
]
Answers: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--ocsp",
        metavar="DER",
        help="Câu trả lời OCSP, dùng nhiều lần được · OCSP answer; may be repeated.",
    ),
]
Time: TypeAlias = Annotated[
    datetime | None,
    typer.Option(
        "--time",
        metavar="TIME",
        formats=list(FORMATS),
        help="Thời điểm kiểm tra, giờ Việt Nam nếu không ghi múi · moment that counts.",
        show_default="bây giờ · now",
    ),
]
Kind: TypeAlias = Annotated[FileType, typer.Option("--type", help="Loại tệp · kind of file.")]
Binding: TypeAlias = Annotated[
    BindingName | None,
    typer.Option(
        "--binding",
        help="serialNumber của chứng thư phải trùng từng byte với From/OrganId · must equal it byte for byte.",
        show_default=False,
    ),
]
PolicyFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        metavar="TOML",
        help="Chính sách thay cho chính sách mặc định · policy instead of the default one (vanthu policy).",
        show_default=False,
    ),
]
Data: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="FILE",
        help="Tệp đã được cấp dấu thời gian, chỉ với --type tst · the file that was time-stamped.",
        show_default=False,
    ),
]
Json: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="PATH",
        help="Ghi báo cáo JSON vào tệp, “-”: ra màn hình · write the report as JSON; “-”: standard output.",
        show_default=False,
    ),
]


def verify(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Signed,
    trust_anchor: Anchors = None,
    intermediate: Intermediates = None,
    crl: Lists = None,
    ocsp: Answers = None,
    time: Time = None,
    kind: Kind = FileType.EDXML,
    binding: Binding = None,
    registry: Registry = None,
    policy: PolicyFile = None,
    data: Data = None,
    json: Json = None,
) -> None:
    """Kiểm tra chữ ký số của một tệp. Verify the signature of a file.

    Example: vanthu verify cong-van.edxml --trust-anchor goc.pem --binding subject.serialNumber --json -

    Nothing is fetched from anywhere: what is not in the file or on the command
    line does not exist. docs/verify.md describes the report. Exits
    0 TOTAL_PASSED, 1 TOTAL_FAILED, 2 INDETERMINATE, 3 NO_SIGNATURE_FOUND, or 3
    without a report if a file cannot be read.
    """
    if binding is not None and registry is not None:
        raise typer.BadParameter("--binding, --registry: chỉ chọn một · choose one")
    if kind not in {FileType.EDXML, FileType.PDF} and (binding is not None or registry is not None):
        raise typer.BadParameter("--binding, --registry: chỉ với --type edxml, pdf · only with these two")
    if kind is not FileType.TST and data is not None:
        raise typer.BadParameter("--data: chỉ với --type tst · only with --type tst")
    from gateway.cli import verifying  # noqa: PLC0415 - start-up time

    request = verifying.Request(
        file=file,
        kind=kind.value,
        anchors=tuple(trust_anchor or ()),
        intermediates=tuple(intermediate or ()),
        lists=tuple(crl or ()),
        answers=tuple(ocsp or ()),
        at=moment(time),
        by_subject=binding is not None,
        registry=registry,
        policy=policy,
        data=data,
    )
    raise typer.Exit(verifying.verify(request, json_to=json))
