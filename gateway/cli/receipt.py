"""`vanthu receipt`: fetch what a gateway signs about a document, and check it without the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(help="Biên nhận có chữ ký của cổng. What the gateway signed.", no_args_is_help=True)

Output: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Ghi vào tệp · write to a file.", show_default="stdout"
    ),
]

Receipts: TypeAlias = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="Tệp biên nhận (JSON) · file with receipts.", show_default=False),
]
VerifierKeys: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="KEY|FILE",
        help="Khóa kiểm tra đã giữ, hoặc tệp của “receipt keys” · a verifier key, or a file of them; repeatable.",
    ),
]
DocumentFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--document",
        metavar="FILE",
        help="Văn bản gốc, so SHA-256 · the document itself.",
        show_default=False,
    ),
]
EntryFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--entry", metavar="FILE", help="Bản ghi nhật ký · the log entry's exact bytes.", show_default=False
    ),
]
ProofFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--proof",
        metavar="FILE",
        help="Bằng chứng trong nhật ký (JSON) · proof that the entry is in the log.",
        show_default=False,
    ),
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Ghi đè tệp đã có · replace a file.")]


@app.command("get")
def get(
    document: Annotated[
        str,
        typer.Argument(metavar="ID", help="Mã tra cứu của văn bản · id of the document.", show_default=False),
    ],
    output: Output = None,
    force: Force = False,
    url: Url = LOCAL,
    token: Token = "",
) -> None:
    """Lấy mọi biên nhận của một văn bản. Fetch every receipt of a document so far.

    Example: vanthu receipt get 0197b2c4-… -o bien-nhan.json

    Acceptance first, then what became of it at each recipient.
    """
    from gateway.cli import receipt_fetching, remote  # noqa: PLC0415 - start-up time

    remote.run(
        receipt_fetching.receipts(document, output=output, force=force), url=url, token=token, as_json=False
    )


@app.command("keys")
def keys(output: Output = None, force: Force = False, url: Url = LOCAL) -> None:
    """Lấy khóa kiểm tra của cổng để giữ. Fetch the gateway's verifier keys, to keep.

    Example: vanthu receipt keys -o khoa-cong.json

    Do it before you need them: keys that are fetched when a receipt is in
    doubt prove nothing.
    """
    from gateway.cli import receipt_fetching, remote  # noqa: PLC0415 - start-up time

    remote.run(receipt_fetching.keys(output=output, force=force), url=url, token="", as_json=False)


@app.command("verify")
def verify(
    file: Receipts,
    key: VerifierKeys = None,
    document: DocumentFile = None,
    entry: EntryFile = None,
    proof: ProofFile = None,
    as_json: AsJson = False,
) -> None:
    """Kiểm tra biên nhận, ngoại tuyến. Check receipts offline.

    Example: vanthu receipt verify bien-nhan.json --key khoa-cong.json --document cong-van.edxml

    Takes the file of “receipt get”, one receipt, or the answer to sending.
    Exits 0 valid, 1 not valid, 2 could not decide (no key, unknown key),
    3 unreadable, or not a file with receipts.
    """
    from gateway.cli import receipt_checking  # noqa: PLC0415 - start-up time

    request = receipt_checking.Request(
        file=file, keys=tuple(key or ()), document=document, entry=entry, proof=proof
    )
    raise typer.Exit(receipt_checking.verify(request, as_json=as_json))
