"""Make `cong-van.pdf`, the letter that the demo attaches: one page in the layout of NĐ 30/2020/NĐ-CP, Phụ lục I.

Run by hand (`python -m gateway.demo.make_pdf`) when the letter changes; the PDF itself is shipped. It needs `fpdf2`, which is a
test dependency, and Debian's package `fonts-dejavu`. Invariant: the same text always gives the same bytes. The letter is an
example: its author and its number exist nowhere.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fpdf import FPDF

FONTS = Path("/usr/share/fonts/truetype/dejavu")
TARGET = Path(__file__).with_name("cong-van.pdf")
FAMILY = "DejaVuSerif"
SIGNED_ON = datetime(2025, 6, 30, 9, 0, tzinfo=UTC)

LEFT, RIGHT, TOP = 30.0, 15.0, 20.0
"""Margins in millimetres (NĐ 30/2020, Phụ lục I.I.4)."""

WIDTH = 210.0 - LEFT - RIGHT
ISSUER_WIDTH = 62.0

SUBJECT = "V/v cập nhật mã định danh cơ quan từ ngày 01 tháng 7 năm 2025"
TEXT = """
Thực hiện mô hình chính quyền địa phương hai cấp từ ngày 01 tháng 7 năm 2025, các đơn vị hành chính cấp huyện kết thúc hoạt
động, nhiều xã, phường mới được thành lập và mã định danh của các cơ quan này thay đổi theo. Văn phòng Ủy ban nhân dân thành
phố Hà Nội trân trọng đề nghị Văn phòng Ủy ban nhân dân tỉnh Tuyên Quang phối hợp một số nội dung sau:

1. Cập nhật danh mục mã định danh mới vào Hệ thống quản lý văn bản và điều hành trước 19 giờ 00 phút ngày 30 tháng 6 năm 2025,
bảo đảm văn bản điện tử được gửi, nhận liên tục, không gián đoạn.

2. Đăng ký chứng thư số của các cơ quan mới trước khi gửi văn bản đầu tiên; thu hồi chứng thư số của các cơ quan đã kết thúc
hoạt động theo quy định.

3. Đối với văn bản đã gửi tới mã định danh cũ mà chưa được tiếp nhận, gửi lại tới cơ quan kế thừa và phản hồi trạng thái xử lý
cho nơi gửi.

Trân trọng cảm ơn sự phối hợp của Quý cơ quan./.
"""
RECEIVERS = (
    "- Như trên;",
    "- Chủ tịch UBND Thành phố (để báo cáo);",
    "- Các phòng, đơn vị thuộc Văn phòng;",
    "- Lưu: VT, TH.",
)
NOTICE = "Văn bản mẫu dùng để giới thiệu phần mềm Vanthu, không có giá trị pháp lý."


def make(target: Path = TARGET) -> None:
    """Write the letter to `target`.

    Raises:
        FileNotFoundError: the fonts are not installed.

    """
    pdf = _blank_page()
    _heading(pdf)
    _addressee(pdf)
    _body(pdf)
    _foot(pdf)
    pdf.output(str(target))


def _blank_page() -> FPDF:
    from fpdf import FPDF  # noqa: PLC0415 - a test dependency; importing this module must work without it

    pdf = FPDF(orientation="portrait", unit="mm", format="A4")
    for style, name in (
        ("", "DejaVuSerif"),
        ("B", "DejaVuSerif-Bold"),
        ("I", "DejaVuSerif-Italic"),
        ("BI", "DejaVuSerif-BoldItalic"),
    ):
        pdf.add_font(FAMILY, style, str(FONTS / f"{name}.ttf"))
    pdf.set_creation_date(SIGNED_ON)
    pdf.set_title(SUBJECT)
    pdf.set_author("Văn phòng Ủy ban nhân dân thành phố Hà Nội (văn bản mẫu)")
    pdf.set_lang("vi-VN")
    pdf.set_margins(LEFT, TOP, RIGHT)
    pdf.set_auto_page_break(auto=False)
    pdf.add_page()
    return pdf


def _line(
    pdf: FPDF, text: str, *, left: float, width: float, style: str, size: float, height: float = 5.4
) -> None:
    pdf.set_font(FAMILY, style, size)
    pdf.set_x(left)
    pdf.multi_cell(width, height, text, align="C", new_x="LEFT", new_y="NEXT")


def _rule(pdf: FPDF, *, left: float, width: float, length: float) -> None:
    y = pdf.get_y() + 0.8
    middle = left + width / 2
    pdf.set_line_width(0.25)
    pdf.line(middle - length / 2, y, middle + length / 2, y)
    pdf.set_y(y + 1.6)


def _heading(pdf: FPDF) -> None:
    _line(pdf, "ỦY BAN NHÂN DÂN\nTHÀNH PHỐ HÀ NỘI", left=LEFT, width=ISSUER_WIDTH, style="", size=10.5)
    _line(pdf, "VĂN PHÒNG", left=LEFT, width=ISSUER_WIDTH, style="B", size=10.5)
    _rule(pdf, left=LEFT, width=ISSUER_WIDTH, length=20)
    _line(pdf, "Số: 126/VP-TH", left=LEFT, width=ISSUER_WIDTH, style="", size=10.5)
    _line(pdf, SUBJECT, left=LEFT, width=ISSUER_WIDTH, style="", size=9.5, height=4.8)
    below = pdf.get_y()
    left, width = LEFT + ISSUER_WIDTH, WIDTH - ISSUER_WIDTH
    pdf.set_y(TOP)
    _line(pdf, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", left=left, width=width, style="B", size=10.5)
    _line(pdf, "Độc lập - Tự do - Hạnh phúc", left=left, width=width, style="B", size=11)
    _rule(pdf, left=left, width=width, length=58)
    pdf.set_y(pdf.get_y() + 2)
    _line(pdf, "Hà Nội, ngày 30 tháng 6 năm 2025", left=left, width=width, style="I", size=10.5)
    pdf.set_y(below + 9)


def _addressee(pdf: FPDF) -> None:
    text = "Kính gửi: Văn phòng Ủy ban nhân dân tỉnh Tuyên Quang"
    _line(pdf, text, left=LEFT, width=WIDTH, style="", size=11.5)
    pdf.set_y(pdf.get_y() + 6)


def _body(pdf: FPDF) -> None:
    pdf.set_font(FAMILY, "", 11.5)
    with pdf.text_columns(text_align="J", line_height=1.5) as columns:
        for text in TEXT.strip().split("\n\n"):
            with columns.paragraph(first_line_indent=10, bottom_margin=2) as paragraph:
                paragraph.write(" ".join(text.split()))
    pdf.set_y(pdf.get_y() + 6)


def _foot(pdf: FPDF) -> None:
    start = pdf.get_y()
    pdf.set_font(FAMILY, "BI", 10)
    pdf.set_x(LEFT)
    pdf.multi_cell(70, 5, "Nơi nhận:", new_x="LEFT", new_y="NEXT")
    pdf.set_font(FAMILY, "", 9.5)
    for receiver in RECEIVERS:
        pdf.set_x(LEFT)
        pdf.multi_cell(75, 4.8, receiver, new_x="LEFT", new_y="NEXT")
    pdf.set_y(start)
    left, width = LEFT + WIDTH / 2, WIDTH / 2
    _line(pdf, "CHÁNH VĂN PHÒNG", left=left, width=width, style="B", size=11.5)
    pdf.set_y(start + 34)
    _line(pdf, "Nguyễn Văn An", left=left, width=width, style="B", size=11.5)
    pdf.set_y(280)
    _line(pdf, NOTICE, left=LEFT, width=WIDTH, style="I", size=8.5)


if __name__ == "__main__":
    make()
