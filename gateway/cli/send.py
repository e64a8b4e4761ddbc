"""`vanthu send`: hand in a document or a status message."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from gateway.cli.moments import FORMATS, moment
from gateway.cli.options import LOCAL, AsJson, File, Token, Url


def send(
    file: File,
    key: Annotated[
        str | None,
        typer.Option(
            "--key", help="Idempotency-Key; gửi lại với cùng khóa là an toàn · makes a repetition safe."
        ),
    ] = None,
    deliver_by: Annotated[
        datetime | None,
        typer.Option(
            "--deliver-by",
            formats=list(FORMATS),
            help="Hạn gửi, giờ Việt Nam · expires if not received by then.",
        ),
    ] = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Gửi một tệp edXML (văn bản hoặc trạng thái). Send an edXML file, document or status.

    Example: VANTHU_CLIENT_TOKEN=vt_… vanthu send cong-van.edxml --key 126-VP-TH-2025

    Exits 0 when accepted, 1 when refused, 2 when the gateway could not
    decide (if it keeps the document, it says so and decides later by itself;
    see vanthu parked list), 4 when it does not answer. What nobody has
    received by --deliver-by expires; vanthu notices tells of it.
    """
    from gateway.cli import remote  # noqa: PLC0415 - start-up time

    until = None if deliver_by is None else moment(deliver_by)
    remote.run(remote.send(file, key=key, deliver_by=until), url=url, token=token, as_json=as_json)
