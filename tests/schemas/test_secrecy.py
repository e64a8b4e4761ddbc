"""Marks of secrecy: what bears one, what only speaks about secrecy, and what a finding may tell."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from schemas.document import Attachment, DocumentType, OtherInfo
from schemas.errors import SchemaErrors, StateSecret
from schemas.names import NAMESPACE, qualified
from schemas.parse import parse
from schemas.secrecy import find_mark, is_marked
from schemas.xml_parser import parse_tree
from tests.schemas.checks import read, refusal, with_child, with_text, without, xpath
from tests.support.documents import AT, PDF, a_document, edit, edxml, find, status_edxml

MARKED = (
    "MẬT",
    "Mật",
    "tối mật",
    "Tuyệt mật.",
    "Độ mật",
    "[Mật]",
    "(TỐI MẬT) Báo cáo tình hình an ninh biên giới quý II",
    "Báo cáo tình hình an ninh biên giới quý II (Mật)",
    "Báo cáo tình hình an ninh biên giới quý II [tuyệt mật]",
    "Kế hoạch tác chiến phòng thủ khu vực (độ Tối mật)",
    "Quy định về bảo vệ bí mật nhà nước (Mật)",
    "Mật: Danh sách cán bộ luân chuyển",
    "Mật - Danh sách cán bộ luân chuyển",
    "Tối mật. Phương án bảo vệ mục tiêu trọng điểm",
    "TUYỆT MẬT: Kế hoạch bảo vệ bí mật nhà nước năm 2025",
    "TUYỆT MẬT - PHƯƠNG ÁN BẢO VỆ ĐẠI HỘI",
    "MẬT BÁO CÁO TÌNH HÌNH DÂN TỘC, TÔN GIÁO",
    "BÁO CÁO TÌNH HÌNH DÂN TỘC, TÔN GIÁO MẬT",
    "BÁO CÁO (MẬT) TÌNH HÌNH DÂN TỘC, TÔN GIÁO",
    "HỎA TỐC - MẬT - CÔNG ĐIỆN PHÒNG CHỐNG BẠO LOẠN",
    "BÁO CÁO TUYỆT MẬT VỀ TÌNH HÌNH BIÊN GIỚI",
    "CÔNG VĂN MẬT",
    "Công văn MẬT về việc bảo đảm an ninh sự kiện",
    "V/v gửi hồ sơ TỐI MẬT phục vụ thanh tra",
    "V/v báo cáo công tác nhân sự - Mật",
    "Độ mật: Tuyệt mật. V/v điều động lực lượng",
    "V/v điều động lực lượng; độ mật: Mật",
    "Hồ sơ dự án X, ĐỘ MẬT: TỐI MẬT",
    "(TOI MAT) Bao cao cong tac quy II",
    "[Tuyet mat] Bao cao cong tac quy II",
    "TOI MAT: Bao cao cong tac quy II",
    "Bao cao cong tac quy II, DO MAT: MAT",
    "DO MAT",
    "toi mat",
    "T Ố I  M Ậ T - Báo cáo công tác",
    "Báo cáo M\u200bẬT về công tác",
    "Báo cáo MA\u0302\u0323T về công tác",
    "Báo cáo ＭẬＴ về công tác",
    "Báo cáo TỐI\u00a0\n MẬT về công tác",
    "TOI_MAT.pdf",
    "12-BC-MẬT.docx",
    "Báo cáo MẬT, TỐI MẬT của quân khu",
)

UNMARKED = (
    "Quy định về bảo vệ bí mật nhà nước",
    "QUY ĐỊNH VỀ BẢO VỆ BÍ MẬT NHÀ NƯỚC",
    "Danh mục bí mật nhà nước độ Tối mật",
    "Danh mục bí mật nhà nước độ Tuyệt mật, độ Tối mật thuộc lĩnh vực y tế",
    "Ban hành danh mục bí mật nhà nước độ TỐI MẬT thuộc lĩnh vực đối ngoại",
    "BAN HÀNH DANH MỤC BÍ MẬT NHÀ NƯỚC ĐỘ TUYỆT MẬT VÀ TỐI MẬT TRONG LĨNH VỰC ĐỐI NGOẠI",
    "BAN HÀNH DANH MỤC BÍ MẬT NHÀ NƯỚC (ĐỘ TỐI MẬT)",
    "DANH MỤC BÍ MẬT NHÀ NƯỚC ĐỘ MẬT",
    "Quyết định giải mật tài liệu độ TỐI MẬT giai đoạn 1990-2000",
    "Quy định mẫu dấu MẬT, TỐI MẬT, TUYỆT MẬT theo Thông tư 24/2020/TT-BCA",
    "V/v khắc dấu “MẬT”, “TỐI MẬT” và “TUYỆT MẬT”",
    "XÁC ĐỊNH ĐỘ MẬT CỦA VĂN BẢN",
    "HƯỚNG DẪN QUẢN LÝ TÀI LIỆU MẬT",
    "HƯỚNG DẪN QUẢN LÝ TÀI LIỆU MẬT TRÊN MÔI TRƯỜNG MẠNG",
    "Hướng dẫn quản lý tài liệu mật",
    "Tập huấn bảo mật thông tin năm 2025",
    "TẬP HUẤN BẢO MẬT THÔNG TIN NĂM 2025",
    "BẢO MẬT",
    "Mật độ dân số các phường sau sắp xếp",
    "MẬT ĐỘ DÂN SỐ CÁC PHƯỜNG SAU SẮP XẾP",
    "Điều chỉnh MẬT ĐỘ XÂY DỰNG khu đô thị phía Tây",
    "QUẢN LÝ MẬT MÃ DÂN SỰ",
    "Cấp giấy phép kinh doanh sản phẩm mật mã dân sự",
    "ĐỔI MẬT KHẨU HỘP THƯ CÔNG VỤ",
    "Đổi mật khẩu hộp thư công vụ",
    "CHƯƠNG TRÌNH OCOP: MẬT ONG U MINH",
    "Chứng nhận OCOP cho mật ong bạc hà",
    "NGHỀ NUÔI ONG MẬT TẠI MÈO VẠC",
    "KỶ NIỆM NGÀY TRUYỀN THỐNG NGÀNH CƠ YẾU VÀ CƠ MẬT",
    "Giữ bí mật công tác nhân sự",
    "PHẪU THUẬT SỎI MẬT TẠI BỆNH VIỆN TỈNH",
    "Mối quan hệ mật thiết giữa Đảng và Nhân dân",
    "MỐI QUAN HỆ MẬT THIẾT GIỮA ĐẢNG VÀ NHÂN DÂN",
    "LẬT TẨY HOẠT ĐỘNG MẬT BÁO CỦA ĐỊCH TRONG KHÁNG CHIẾN",
    "Báo cáo an toàn bức xạ (bí mật kinh doanh)",
    "Độ mật: không",
    "Độ mật: Thường. V/v mời họp",
    "Điều tra cây mắt cá chân, đất mặt ruộng",
    "THÔNG TIN TUYÊN TRUYỀN VỀ ĐẤT MẶT RUỘNG",
    "Bao cao mat do dan so, toi mat an ninh trat tu",
    "Cam ket bao mat thong tin",
    "V/v chuyển đổi mã định danh cơ quan từ ngày 01/7/2025",
    "Công văn hỏa tốc",
    "",
)


@pytest.mark.parametrize("subject", MARKED)
def test_marks_are_seen(subject: str) -> None:
    """A stamp, label, bracket or bare level is a mark."""
    assert is_marked(subject)


@pytest.mark.parametrize("subject", UNMARKED)
def test_speaking_about_secrecy_is_no_mark(subject: str) -> None:
    """A text about secrecy, and words that only contain “mật”, pass."""
    assert not is_marked(subject)


@pytest.mark.parametrize("name", ["Subject", "Content"])
def test_a_marked_document_is_refused_alone(name: str) -> None:
    """Nothing else is found in a marked document, however bad it is, and nothing of it is told."""
    file = with_text(without(edxml(), "To"), f"MessageHeader/{name}", "TUYỆT MẬT - kế hoạch phòng thủ X9")
    finding = refusal(with_child(file, "MessageHeader", "Unknown"))
    assert isinstance(finding, StateSecret)
    assert finding.facts == {"name": name}
    assert finding.xpath == xpath(name)
    assert finding.line is not None
    told = [
        *(text.format(**finding.facts) for text in (finding.vi, finding.en, finding.fix_vi, finding.fix_en))
    ]
    assert not any("X9" in text or "phòng thủ" in text for text in told)


def test_no_warnings_come_with_it() -> None:
    """Warnings could repeat what the document says."""
    with pytest.raises(SchemaErrors) as caught:
        read(with_child(edxml(subject="MẬT"), "MessageHeader", "Unknown", "X9"))
    assert caught.value.warnings == ()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"document_type": DocumentType(type=1, type_name="Công văn mật")}, "TypeName"),
        ({"document_type": DocumentType(type=1, type_name="Tối Mật")}, "TypeName"),
        ({"other_info": OtherInfo(sphere_of_promulgation="mật")}, "SphereOfPromulgation"),
        (
            {"other_info": OtherInfo(sphere_of_promulgation="Tài liệu mật, xem xong trả lại")},
            "SphereOfPromulgation",
        ),
        ({"other_info": OtherInfo(appendixes=("Phụ lục I", "Phụ lục II (Mật)"))}, "Appendix"),
    ],
)
def test_metadata_is_looked_at(change: dict[str, object], name: str) -> None:
    """Type, circulation scope and appendices bear marks too."""
    finding = refusal(edxml(**change))
    assert isinstance(finding, StateSecret)
    assert finding.facts == {"name": name}


@pytest.mark.parametrize("path", ["CodeNotation", "OtherInfo/Priority"])
def test_fields_of_another_kind(path: str) -> None:
    """A level that was put where a notation or a number belongs is a level all the same."""
    value = "BC-UBND-MẬT" if path == "CodeNotation" else "Mật"
    finding = refusal(with_text(edxml(), path, value))
    assert isinstance(finding, StateSecret)


def test_circulation_scope_without_a_mark() -> None:
    """Words about secrecy in the circulation scope are no level."""
    for scope in ("Lưu hành nội bộ", "Yêu cầu bảo mật thông tin", "Liên thông văn bản quốc gia"):
        assert read(edxml(other_info=OtherInfo(sphere_of_promulgation=scope))).warnings == ()


def test_attachments_are_looked_at() -> None:
    """Name and description of an attachment bear marks, in the manifest as with the content."""
    attached = Attachment.of(PDF, content_id="x", name="Tối mật.pdf", content_type="application/pdf")
    assert isinstance(refusal(edxml({"x": PDF}, attachments=(attached,))), StateSecret)
    file = with_child(edxml(), "edXMLManifest/Reference", "Description", "Báo cáo (Mật)")
    assert isinstance(refusal(file), StateSecret)


def test_elements_that_the_standard_does_not_know() -> None:
    """A level in an invented element is a mark; the element's name is not repeated in the facts."""
    finding = refusal(with_child(edxml(), "OtherInfo", "DoMat", "Tuyệt mật"))
    assert isinstance(finding, StateSecret)
    assert finding.facts == {"name": "metadata"}


def test_any_namespace_and_nested_text() -> None:
    """A file that would be refused for other reasons is not searched for them first."""
    file = edxml(subject="MẬT").replace(NAMESPACE.encode(), b"urn:x")
    assert isinstance(refusal(file), StateSecret)

    def nest(root: etree._Element) -> None:
        subject = find(root, "MessageHeader/Subject")
        subject.text = "Báo cáo M"
        subject.append(etree.Comment("x"))
        subject[0].tail = "ẬT "
        etree.SubElement(subject, qualified("b")).text = "về công tác"

    assert isinstance(refusal(edit(edxml(), nest)), StateSecret)


def test_what_is_said_about_a_document_is_no_mark() -> None:
    """A secret document sent by mistake can still be returned and recalled with that reason."""
    reason = "Văn bản MẬT, đề nghị thu hồi"
    assert read(status_edxml(status_code="02", description=reason)).warnings == ()
    assert find_mark(parse_tree(with_text(edxml(), "BussinessDocReason", reason))) is None
    file = with_text(status_edxml(), "From/OrganName", "TUYỆT MẬT")
    assert parse(parse_tree(file), at=AT).warnings == ()


def test_the_usual_document_bears_no_mark() -> None:
    """The documents of all other tests pass."""
    assert find_mark(parse_tree(edxml())) is None
    assert read(edxml()).message == a_document()


@given(
    st.sampled_from([subject for subject in MARKED if len(subject) > 12]),
    st.integers(0, 60),
    st.sampled_from(["\u200b", "\u00ad", "\u2060", "\ufe0f", "\u034f"]),
)
def test_invisible_characters_hide_no_mark(subject: str, place: int, character: str) -> None:
    """A character that nobody sees changes nothing, wherever it stands between two letters."""
    assert is_marked(subject[:place] + character + subject[place:])


@given(st.text(max_size=60))
def test_any_text_is_judged(text: str) -> None:
    """Every text has a verdict, and white space around it is of no account."""
    assert is_marked(text) == is_marked(f" \n{text}\t ")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "mật",
        "a " * 5_000 + "mat",
        "độ mật:" * 1_500,
        "bí mật - " * 1_100,
        "MẬT MÃ BÍ " * 40,
        "«\u200b" * 5_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """Texts made to be slow to search are judged as fast as others."""
    started = time.process_time()
    assert not is_marked(text)
    assert time.process_time() - started < 1


def test_more_stamps_than_any_sentence() -> None:
    """What repeats the word beyond any sense is a mark."""
    assert is_marked("BÍ MẬT " * 60)


def test_a_description_in_a_document_is_looked_at() -> None:
    """Only a status has a description of its own."""
    assert isinstance(refusal(with_child(edxml(), "MessageHeader", "Description", "TỐI MẬT")), StateSecret)
