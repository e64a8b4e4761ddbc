"""Exit codes of `vanthu`: a contract with whoever scripts it (docs/cli.md)."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the command's end means. 1 is a decided no; 2 means that a later try may give another answer."""

    OK = 0
    REFUSED = 1
    UNDECIDED = 2
    UNREADABLE = 3
    UNREACHABLE = 4
    USAGE = 64
    BROKEN = 70
    INTERRUPTED = 130


LEGEND = (
    "Mã thoát · exit codes: 0 được · done — 1 bị từ chối, sai · refused, invalid — 2 chưa quyết định được · could not decide — "
    "3 không đọc được tệp · unreadable file — 4 không kết nối được, đang bị chiếm · no answer, taken — "
    "64 sai cú pháp · wrong usage — 70 lỗi phần mềm · a defect of ours"
)
