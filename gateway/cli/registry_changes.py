"""The verbs of `vanthu registry` about change sets: handing one in, looking at it, signing it, and taking it back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gateway.cli.moments import FORMATS
from gateway.cli.options import LOCAL, AsJson, Token, Url

Id: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="Mã đợt thay đổi · the change set.", show_default=False)
]
Key: TypeAlias = Annotated[
    Path,
    typer.Option("--key", metavar="FILE", help="Khóa ký của cán bộ · the officer's key.", show_default=False),
]
SomeKey: TypeAlias = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="Ký luôn bằng khóa này · sign with this key.")
]
KeyName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--key-name", help="Tên khóa đã đăng ký, nếu khác tên tệp · the registered name of the key."
    ),
]
Seen: TypeAlias = Annotated[
    str | None,
    typer.Option("--sha256", metavar="START", help="SHA-256 đã xem, hoặc phần đầu · of what was looked at."),
]
FileOrId: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="FILE|ID", help="Tệp CSV, XLSX, JSON, hoặc mã · a file, or the id.", show_default=False
    ),
]
Retroactive: TypeAlias = Annotated[
    bool, typer.Option("--retroactive", help="Cho phép thời điểm đã qua · moments in the past are meant.")
]
Title: TypeAlias = Annotated[str, typer.Option("--title", help="Tên đợt thay đổi · what it is about.")]
Basis: TypeAlias = Annotated[str, typer.Option("--legal-basis", help="Căn cứ pháp lý · what it rests on.")]
At: TypeAlias = Annotated[
    datetime | None,
    typer.Option("--at", metavar="TIME", formats=list(FORMATS), help="Từ lúc · from then on."),
]
Held: TypeAlias = Annotated[
    bool, typer.Option("--held", help="Duyệt trước, chờ lệnh thi hành · approved beforehand, to be released.")
]
Wait: TypeAlias = Annotated[
    float, typer.Option("--wait", help="Đợi lập phiên bản tối đa, giây · seconds to wait for the version.")
]
Reason: TypeAlias = Annotated[str, typer.Option("--reason", help="Lý do · why.")]


class StateName(StrEnum):
    """States by which change sets can be listed."""

    DRAFT = "draft"
    VALIDATED = "validated"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    WITHDRAWN = "withdrawn"
    ROLLED_BACK = "rolled_back"


def propose(  # noqa: PLR0913, PLR0917 - one parameter an option
    source: FileOrId,
    title: Title = "",
    legal_basis: Basis = "",
    whole_list: Annotated[
        bool, typer.Option("--list", help="Tệp là cả danh mục · the file is a whole list; needs --at.")
    ] = False,
    at: At = None,
    retroactive: Retroactive = False,
    held: Held = False,
    replaces: Annotated[
        str | None,
        typer.Option("--replace", metavar="ID", help="Thay tệp của đợt này · put it in that place."),
    ] = None,
    key: SomeKey = None,
    key_name: KeyName = None,
    sha256: Seen = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Nộp tệp thay đổi, hoặc ký đề xuất. Hand in changes of the registry, or sign them as the proposer.

    Example: vanthu registry propose thay-doi.csv --title "NQ 202/2025" --key can-bo.key

    Every faulty row is listed, and the draft is kept (exit 1). Without --key
    nothing is signed yet: vanthu registry propose ID --key FILE.
    """
    from gateway.cli import changing, remote  # noqa: PLC0415 - start-up time
    from gateway.cli.moments import moment  # noqa: PLC0415 - start-up time

    pen = None if key is None else changing.Pen(key, key_name, sha256)
    if changing.is_change(source):
        if pen is None:
            raise typer.BadParameter("--key: cần khóa để ký · a key is needed to sign")
        remote.run(changing.propose(source, pen), url=url, token=token, as_json=as_json)
        return
    if whole_list != (at is not None):
        raise typer.BadParameter("--list, --at: đi cùng nhau · go together")
    since = None if at is None else moment(at)
    file = changing.read_changes(Path(source), at=since, retroactive=retroactive)
    about = {"title": title or file.name, "legal_basis": legal_basis}
    work = changing.draft(file, **about, held=held, replaces=replaces, pen=pen)
    remote.run(work, url=url, token=token, as_json=as_json)


def list_changes(
    state: Annotated[
        StateName | None, typer.Option("--state", help="Chỉ trạng thái này · only these.")
    ] = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="ID", help="Trang sau · older ones.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="Nhiều nhất · at most.")] = 50,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Liệt kê các đợt thay đổi danh mục. List change sets, the newest first.

    Example: vanthu registry changes --state validated
    """
    from gateway.cli import changing, remote  # noqa: PLC0415 - start-up time

    work = changing.list_changes(state=None if state is None else state.value, before=before, limit=limit)
    remote.run(work, url=url, token=token, as_json=as_json)


def show(change: Id, url: Url = LOCAL, token: Token = "", as_json: AsJson = False) -> None:
    """Xem một đợt thay đổi: lỗi, chữ ký, đang chờ ai. Show one: faults, signatures, and whose turn it is.

    Example: vanthu registry show 0197b2c4-3a51-7c1e-9d1b-5f0e6a7b8c9d
    """
    from gateway.cli import changing, remote  # noqa: PLC0415 - start-up time

    remote.run(changing.show(change), url=url, token=token, as_json=as_json)


def diff(
    change: Id,
    after: Annotated[int, typer.Option("--after", min=0, help="Bỏ qua từng ấy · pass over so many.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="Nhiều nhất · at most.")] = 100,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """So sánh trước và sau, từng mã. Show what it does, code by code.

    Example: vanthu registry diff 0197b2c4-3a51-7c1e-9d1b-5f0e6a7b8c9d
    """
    from gateway.cli import changing, remote  # noqa: PLC0415 - start-up time

    remote.run(changing.diff(change, after=after, limit=limit), url=url, token=token, as_json=as_json)


def impact(change: Id, url: Url = LOCAL, token: Token = "", as_json: AsJson = False) -> None:
    """Xem văn bản, hệ thống, chứng thư bị ảnh hưởng. Show the documents, systems and certificates it touches.

    Example: vanthu registry impact 0197b2c4-3a51-7c1e-9d1b-5f0e6a7b8c9d
    """
    from gateway.cli import impact_view, remote  # noqa: PLC0415 - start-up time

    remote.run(impact_view.impact(change), url=url, token=token, as_json=as_json)


def approve(
    change: Id,
    key: Key,
    key_name: KeyName = None,
    sha256: Seen = None,
    wait: Wait = 60.0,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Phê duyệt, hoặc phê chuẩn thay đổi khẩn cấp. Approve as the second officer, or ratify an emergency.

    Example: vanthu registry approve 0197b2c4-3a51-7c1e-9d1b-5f0e6a7b8c9d --key can-bo-2.key

    What is signed is hashed here first; --sha256 refuses any other diff than
    the one that was looked at. The version is made at once.
    """
    from gateway.cli import changing, remote  # noqa: PLC0415 - start-up time

    work = changing.approve(change, changing.Pen(key, key_name, sha256), wait=wait)
    remote.run(work, url=url, token=token, as_json=as_json)


def emergency(  # noqa: PLR0913, PLR0917 - as above
    change: Id,
    key: Key,
    reason: Annotated[str, typer.Option("--reason", help="Lý do · why.", show_default=False)],
    hours: Annotated[
        float, typer.Option("--hours", help="Thời hạn phê chuẩn, tối đa 72 · until ratified.")
    ] = 24.0,
    key_name: KeyName = None,
    sha256: Seen = None,
    wait: Wait = 60.0,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Khẩn cấp: một cán bộ ký, có thời hạn. Put it in force alone, for a limited time.

    Example: vanthu registry emergency 0197b2c4-3a51-7c1e-9d1b-5f0e6a7b8c9d --key can-bo.key --reason "khóa bị lộ"

    Unless a second officer approves it within --hours, it is taken back by a
    new version. It is told in the log, in the telemetry and in the overview.
    """
    from gateway.cli import changing, remote  # noqa: PLC0415 - start-up time

    pen = changing.Pen(key, key_name, sha256)
    work = changing.declare_emergency(change, pen, reason=reason, hours=hours, wait=wait)
    remote.run(work, url=url, token=token, as_json=as_json)


def release(
    change: Id, wait: Wait = 60.0, url: Url = LOCAL, token: Token = "", as_json: AsJson = False
) -> None:
    """Cho thi hành đợt đã duyệt trước. Let a change set go on that was approved beforehand.

    Example: vanthu registry release 0197b2c4-3a51-7c1e-9d1b-5f0e6a7b8c9d
    """
    from gateway.cli import changing, remote  # noqa: PLC0415 - start-up time

    remote.run(changing.release(change, wait=wait), url=url, token=token, as_json=as_json)


def withdraw(
    change: Id, reason: Reason = "", url: Url = LOCAL, token: Token = "", as_json: AsJson = False
) -> None:
    """Rút một đợt thay đổi chưa lên lịch. Withdraw one that is not scheduled yet.

    Example: vanthu registry withdraw 0197b2c4-3a51-7c1e-9d1b-5f0e6a7b8c9d --reason "nhầm tệp"
    """
    from gateway.cli import changing, remote  # noqa: PLC0415 - start-up time

    remote.run(changing.withdraw(change, reason=reason), url=url, token=token, as_json=as_json)


def roll_back(  # noqa: PLR0913, PLR0917 - as above
    change: Id,
    at: At = None,
    title: Title = "",
    legal_basis: Basis = "",
    held: Held = False,
    key: SomeKey = None,
    key_name: KeyName = None,
    sha256: Seen = None,
    url: Url = LOCAL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Lập đợt hoàn tác một đợt đã lên lịch. Make a change set that takes a scheduled one back.

    Example: vanthu registry rollback 0197b2c4-3a51-7c1e-9d1b-5f0e6a7b8c9d --held --key can-bo.key

    It needs two officers as any other. With --held it is approved beforehand
    and waits for vanthu registry release.
    """
    from gateway.cli import changing, remote  # noqa: PLC0415 - start-up time
    from gateway.cli.moments import moment  # noqa: PLC0415 - start-up time

    pen = None if key is None else changing.Pen(key, key_name, sha256)
    since = None if at is None else moment(at)
    work = changing.roll_back(change, at=since, title=title, legal_basis=legal_basis, held=held, pen=pen)
    remote.run(work, url=url, token=token, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add these verbs to `vanthu registry`."""
    app.command("propose")(propose)
    app.command("changes")(list_changes)
    app.command("show")(show)
    app.command("diff")(diff)
    app.command("impact")(impact)
    app.command("approve")(approve)
    app.command("emergency")(emergency)
    app.command("release")(release)
    app.command("withdraw")(withdraw)
    app.command("rollback")(roll_back)
