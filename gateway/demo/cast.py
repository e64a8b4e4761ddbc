"""Who plays in the demo: two document systems, and the agency that speaks through each.

The codes stand in the shipped list of agencies; the people and the letter are invented.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A connected system and the agency that it sends and receives for; `holder` is the name in the certificate."""

    member_id: str
    member_name: str
    prefix: str
    code: str
    agency: str
    holder: str


HANOI = Side(
    member_id="hanoi",
    member_name="Hệ thống văn bản Thành phố Hà Nội",
    prefix="H26",
    code="H26.1",
    agency="Văn phòng Ủy ban nhân dân Thành phố Hà Nội",
    holder="Văn phòng UBND Thành phố Hà Nội",
)
TUYEN_QUANG = Side(
    member_id="tuyenquang",
    member_name="Hệ thống văn bản Tỉnh Tuyên Quang",
    prefix="H60",
    code="H60.1",
    agency="Văn phòng Ủy ban nhân dân Tỉnh Tuyên Quang",
    holder="Văn phòng UBND Tỉnh Tuyên Quang",
)
SIDES = (HANOI, TUYEN_QUANG)
