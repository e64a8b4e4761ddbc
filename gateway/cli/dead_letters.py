"""`vanthu dead-letters`: what could not be processed, and deliveries that keep failing."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import LOCAL, AsJson, Token, Url

app = typer.Typer(
    name="dead-letters",
    help="Thông điệp không xử lý được và lượt gửi thất bại nhiều lần. "
    "What could not be processed, and deliveries that keep failing.",
    no_args_is_help=True,
)

Reason = Annotated[
    str,
    typer.Option("--reason", help="Lý do, ghi vào nhật ký · why; goes into the log.", show_default=False),
]
CauseName = Annotated[
    str | None,
    typer.Option("--cause", metavar="CODE", help="Chỉ nguyên nhân này · only this cause."),
]
All = Annotated[bool, typer.Option("--all", help="Tất cả · all of them.")]
Rate = Annotated[
    int, typer.Option("--rate", min=1, max=100, help="Số lượng mỗi giây · how many each second.")
]
LetterId = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="Mã thông điệp · a letter's id.", show_default=False),
]


@app.command("list")
def list_(
    cause: CauseName = None,
    state: Annotated[
        str | None,
        typer.Option("--state", help="waiting, resending, resent, discarded"),
    ] = None,
    after: Annotated[str | None, typer.Option("--after", help="Sau mã này · after this id.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="Số dòng · how many.")] = 50,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Liệt kê theo nguyên nhân; với --cause: từng thông điệp. By cause; with --cause or --state: letter by letter.

    Example: vanthu dead-letters list
    """
    from gateway.cli import remote, remote_dead_letters  # noqa: PLC0415 - start-up time

    work = (
        remote_dead_letters.overview()
        if cause is None and state is None
        else remote_dead_letters.letters(state=state, cause=cause, after=after, limit=limit)
    )
    remote.run(work, url=url, token=token, as_json=as_json)


@app.command("show")
def show(
    letter_id: Annotated[
        str, typer.Argument(metavar="ID", help="Mã thông điệp · a letter's id.", show_default=False)
    ],
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Hiện một thông điệp, không hiện nội dung. Show one letter, never its body.

    Example: vanthu dead-letters show 0197b2c4-1f00-7000-8000-000000000000
    """
    from gateway.cli import remote, remote_dead_letters  # noqa: PLC0415 - start-up time

    remote.run(remote_dead_letters.show(letter_id), url=url, token=token, as_json=as_json)


@app.command("resend")
def resend(
    reason: Reason,
    letter_id: LetterId = None,
    cause: CauseName = None,
    everything: All = False,
    rate: Rate = 10,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Kiểm tra lại từ đầu như vừa đến. Examine again from the start, as if it had just come.

    Example: vanthu dead-letters resend --cause axis.bad_envelope --reason "key registered" --rate 20

    The work goes on in the background, also after a restart; `vanthu dead-letters list` shows how far it is.
    """
    from gateway.cli import remote, remote_dead_letters  # noqa: PLC0415 - start-up time

    chosen = remote_dead_letters.chosen(letter_id, cause=cause, everything=everything)
    work = remote_dead_letters.resend(chosen, reason=reason, rate=rate)
    remote.run(work, url=url, token=token, as_json=as_json)


@app.command("discard")
def discard(
    reason: Reason,
    letter_id: LetterId = None,
    cause: CauseName = None,
    everything: All = False,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Loại bỏ hẳn. Give letters up for good, and their bodies.

    Example: vanthu dead-letters discard --cause axis.bad_envelope --reason "forged, ticket 812"
    """
    from gateway.cli import remote, remote_dead_letters  # noqa: PLC0415 - start-up time

    chosen = remote_dead_letters.chosen(letter_id, cause=cause, everything=everything)
    remote.run(remote_dead_letters.discard(chosen, reason=reason), url=url, token=token, as_json=as_json)


@app.command("retry")
def retry(
    reason: Reason,
    because: Annotated[
        str | None,
        typer.Option(
            "--because", metavar="REASON", help="Lý do thất bại như đã liệt kê · the reason, as listed."
        ),
    ] = None,
    everything: All = False,
    rate: Rate = 10,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Gửi ngay những gì thất bại nhiều lần. Try deliveries now that keep failing.

    Example: vanthu dead-letters retry --because NO_ROUTE --reason "queue declared"
    """
    from gateway.cli import remote, remote_dead_letters  # noqa: PLC0415 - start-up time

    chosen = remote_dead_letters.chosen(None, cause=because, everything=everything)
    work = remote_dead_letters.retry(chosen, reason=reason, rate=rate)
    remote.run(work, url=url, token=token, as_json=as_json)
