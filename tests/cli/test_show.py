"""`vanthu show`: what a clerk gets to see of a file, and what is written when attachments are asked for."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from gateway.cli import run
from gateway.clock import utc_now
from gateway.demo.cast import HANOI, SIDES, TUYEN_QUANG
from gateway.demo.letter import Letter, change_one_byte, write_letter, write_status
from gateway.demo.pki import ROOT_FILE, identities
from schemas.document import (
    Attachment,
    Business,
    BusinessDocumentInfo,
    Organization,
    Receiver,
    ReplacementInfo,
    ResponseFor,
)
from tests.cli.world import lines_wider_than
from tests.support.documents import PDF, edxml, status_edxml

META: Final = {
    "subject": "V/v số liệu",
    "promulgation_date": "2025-07-01",
    "code": {"number": "126", "notation": "VP-TH"},
    "document_type": {"type_name": "Công văn"},
    "signer": {"full_name": "Nguyễn Văn An"},
    "sender": {"organ_id": "H26.1"},
    "recipients": [{"organ_id": "H60.1"}],
}


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with files to look at, and the letter among them."""

    folder: Path
    letter: Letter

    def show(self, name: str, *more: str | Path, anchored: bool = True) -> int:
        """Run `vanthu show` on one of the files."""
        anchors = ["--trust-anchor", str(self.folder / ROOT_FILE)] if anchored else []
        return run(["show", str(self.folder / name), *anchors, *map(str, more)])

    def write(self, name: str, content: bytes) -> str:
        """Put one more file there."""
        (self.folder / name).write_bytes(content)
        return name


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a folder with a letter, a forged one, a status and a trust anchor."""
    folder = tmp_path_factory.mktemp("desk")
    keys = identities(SIDES, folder=folder, trust_folder=folder, at=utc_now())
    letter = write_letter(HANOI, TUYEN_QUANG, keys[HANOI.code])
    (folder / "letter.edxml").write_bytes(letter.signed)
    (folder / "forged.edxml").write_bytes(change_one_byte(letter))
    (folder / "status.edxml").write_bytes(write_status(letter, TUYEN_QUANG, at=utc_now()))
    return Desk(folder=folder, letter=letter)


def test_a_signed_letter(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A clerk finds number, dates, agencies, signer, attachment and signature under their Vietnamese names."""
    assert desk.show("letter.edxml") == 0

    shown = capsys.readouterr().out
    for expected in (
        "VĂN BẢN MỚI · new document",
        "Số, ký hiệu · number           126/VP-TH",
        "Ngày ban hành · issued         Hà Nội, 30/06/2025",
        "Loại văn bản · kind            Công văn",
        "Trích yếu · subject            V/v cập nhật mã định danh",
        "Độ khẩn · urgency              Khẩn · urgent (1)",
        "Nơi gửi · from                 H26.1  Văn phòng",
        "Nơi nhận · to                  H60.1  Văn phòng",
        "Người ký · signed by           Chánh Văn phòng, Nguyễn Văn An",
        "Đính kèm (1) · attachments",
        "✓ hợp lệ, phủ toàn bộ văn bản · valid, covers the whole document",
        f"Người ký · signer              {HANOI.holder} (H26.1)",
    ):
        assert expected in shown
    assert desk.letter.document.attachments[0].sha256[:12] in shown
    assert "✗" not in shown
    assert lines_wider_than(100, shown) == []


def test_everything_that_a_letter_can_say(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Due date, what is answered, copies, staff and appendices have their places."""
    answered = ResponseFor(organ_id="H60.1", code="15/VP-TH", document_id="H60.1,2025,15")
    name = desk.write("full.edxml", edxml(response_for=(answered,)))

    assert desk.show(name) == 0

    shown = capsys.readouterr().out
    for expected in (
        "Hạn trả lời · answer due       15/07/2025",
        "Trả lời cho · answers          15/VP-TH của H60.1",
        "Nơi nhận ghi ở cuối · copies   Như trên; Lưu: VT",
        "Lý do · reason                 Văn bản điện tử mới",
        "Bản giấy · paper               không có bản giấy",
        "Người liên hệ · contact        Trần Thị Bình",
        "Phụ lục · appendix             Phụ lục I",
        "TL. BỘ TRƯỞNG, Chánh Văn phòng, Nguyễn Văn An",
    ):
        assert expected in shown


def test_narrow_terminal(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On 80 columns nothing is cut off and nothing sticks out."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("gateway.cli.output.WIDTH", 80)

    assert desk.show("letter.edxml") == 0

    shown = capsys.readouterr().out
    assert lines_wider_than(80, shown) == []
    assert "cong-van.pdf" in shown


def test_a_status(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A status message says which status, about which document, and by whom."""
    assert desk.show("status.edxml") == 0

    shown = capsys.readouterr().out
    assert "THÔNG ĐIỆP TRẠNG THÁI · status message" in shown
    assert "Đã tiếp nhận · accepted and registered (03)" in shown
    assert "126/VP-TH ngày 30/06/2025 của H26.1" in shown
    assert "Trần Thị Bình, Văn thư" in shown
    assert "Đính kèm" not in shown


def test_a_status_that_asks_for_a_document_back(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The document is that of the agency that asks, although ResponseFor names the one that is asked (QCVN 102, status 13)."""
    response = ResponseFor(organ_id="H60.1", code="7816/VPCP-TTĐT", document_id="x")
    asking = status_edxml(sender=Organization(organ_id="G22"), response_for=response, status_code="13")

    assert desk.show(desk.write("asking.edxml", asking)) == 0
    assert "7816/VPCP-TTĐT của G22" in capsys.readouterr().out


def test_a_forged_letter(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A letter that was changed after signing is shown with the word that its signature is not valid, and why."""
    assert desk.show("forged.edxml") == 0

    shown = capsys.readouterr().out
    assert "✗ KHÔNG HỢP LỆ · not valid" in shown
    assert "✗ certs.digest_mismatch" in shown


def test_without_anchors(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a root nothing is said to be valid; the name in the certificate is told as a claim."""
    assert desk.show("letter.edxml", anchored=False) == 0

    shown = capsys.readouterr().out
    assert "? chưa kết luận được · not decided" in shown
    assert f"Tự xưng là · claims to be      {HANOI.holder} (H26.1)" in shown
    assert "--trust-anchor" in shown


def test_no_signature_and_old_placeholders(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """No signature, and an old-style placeholder, are told plainly."""
    none = edxml()
    legacy = none.replace(
        b"</edXML:edXMLHeader>", b"<Signature><SignatureValue/></Signature></edXML:edXMLHeader>"
    )

    assert desk.show(desk.write("none.edxml", none)) == 0
    assert "– không có ở phong bì edXML · none in the envelope" in capsys.readouterr().out
    assert desk.show(desk.write("legacy.edxml", legacy)) == 0
    assert "– kiểu cũ, chỉ là phần giữ chỗ, không kiểm tra được" in capsys.readouterr().out


def test_refused(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a file that is refused the refusal is shown, with every fault, and nothing of its content."""
    refused = edxml().replace(b"edXML:Code>", b"edXML:Kode>").replace(b"edXML:From>", b"edXML:Form>")

    assert desk.show(desk.write("refused.edxml", refused), "--extract", desk.folder / "refused") == 1

    shown = capsys.readouterr().out
    assert "✗ BỊ TỪ CHỐI, không đọc được như edXML · refused" in shown
    assert shown.count("✗ schema.missing_element") == 2
    assert "Trích yếu" not in shown
    assert not (desk.folder / "refused").exists()


def test_for_machines(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json there is one document with all elements, the verdict and the findings."""
    assert desk.show("letter.edxml", "--json", "--extract", desk.folder / "json") == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["kind"] == "edoc"
    assert shown["message"]["code"] == {"number": "126", "notation": "VP-TH"}
    assert shown["message"]["promulgation_date"] == "2025-06-30"
    assert shown["signature"]["indication"] == "TOTAL_PASSED"
    assert shown["findings"] == []
    assert shown["extracted"][0]["file"] == str(desk.folder / "json" / "cong-van.pdf")


def test_refused_for_machines(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json a refusal is a document, too."""
    assert desk.show(desk.write("doctype.edxml", b"<!DOCTYPE x []><x/>"), "--json") == 1

    shown = json.loads(capsys.readouterr().out)
    assert (shown["kind"], shown["message"], shown["signature"]) == (None, None, None)
    assert [each["code"] for each in shown["findings"]] == ["schema.doctype_forbidden"]


def test_unreadable_files(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there, and a folder, give exit 3 and say which it is."""
    assert desk.show("none-such.edxml") == 3
    assert "none-such.edxml" in capsys.readouterr().err
    assert desk.show(".") == 3


def test_state_secrets(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a document that is marked as a secret only the refusal is shown."""
    name = desk.write("secret.edxml", edxml(subject="TUYỆT MẬT: kế hoạch số 9"))

    assert desk.show(name, "--extract", desk.folder / "secret") == 1
    shown = capsys.readouterr().out
    assert "✗ schema.state_secret" in shown
    assert desk.show(name, "--json") == 1
    shown += capsys.readouterr().out
    assert "kế hoạch" not in shown
    assert "7816" not in shown
    assert not (desk.folder / "secret").exists()


def test_recalls_updates_and_replacements(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """What is done with another document is told in words: which, why, and who is added or taken off."""
    changed = BusinessDocumentInfo(
        document_info=1,
        receivers=(Receiver(organ_id="H26", receiver_type=1), Receiver(organ_id="H60", receiver_type=0)),
    )
    replaced = ReplacementInfo(document_id="G22,2025,7", organ_ids=("H26", "H60.1"))
    kinds = {
        1: Business(document_id="G22,2025,5", reason="Gửi nhầm nơi nhận"),
        2: Business(document_id="G22,2025,6", document_info=changed),
        3: Business(replacements=(replaced,)),
    }
    shown = ""
    for kind, business in kinds.items():
        assert desk.show(desk.write("business.edxml", edxml(business_type=kind, business=business))) == 0
        shown += capsys.readouterr().out

    for expected in (
        "THU HỒI · recall",
        "Văn bản liên quan · concerns   G22,2025,5",
        "Lý do · reason                 Gửi nhầm nơi nhận",
        "CẬP NHẬT · update",
        "Cập nhật · updated             nội dung · content",
        "Thay đổi nơi nhận · changed    H26  thêm",
        "H60  bỏ",
        "THAY THẾ · replacement",
        "Thay cho · replaces            G22,2025,7  (H26, H60.1)",
    ):
        assert expected in shown


def test_extract_takes_files_out_of_the_wrapping(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table that travels in a ZIP is written as the table; a ZIP that was attached stays one."""
    table = tmp_path / "số liệu.csv"
    table.write_bytes(b"a,b\n" * 50_000)
    with zipfile.ZipFile(tmp_path / "hồ sơ.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    (tmp_path / "meta.json").write_text(json.dumps(META))
    composed = ["--meta", tmp_path / "meta.json", table, tmp_path / "hồ sơ.zip", "-o", tmp_path / "x.edxml"]
    assert run(["compose", *map(str, composed)]) == 0

    assert run(["show", str(tmp_path / "x.edxml"), "--extract", str(tmp_path / "out")]) == 0

    assert "bọc ZIP · zipped" in capsys.readouterr().out
    assert (tmp_path / "out" / "số liệu.csv").read_bytes() == table.read_bytes()
    assert (tmp_path / "out" / "hồ sơ.zip").read_bytes() == (tmp_path / "hồ sơ.zip").read_bytes()


def test_extract(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An attachment is written byte for byte, and told; a second time nothing is written over it."""
    folder = tmp_path / "new" / "folder"

    assert desk.show("letter.edxml", "--extract", folder) == 0
    assert (folder / "cong-van.pdf").read_bytes() == desk.letter.pdf
    assert str(folder / "cong-van.pdf") in capsys.readouterr().out.replace("\n   ", "")

    (folder / "cong-van.pdf").write_bytes(b"mine")
    assert desk.show("letter.edxml", "--extract", folder) == 3
    assert "không ghi đè" in capsys.readouterr().err
    assert (folder / "cong-van.pdf").read_bytes() == b"mine"


def test_extract_follows_no_link(desk: Desk, tmp_path: Path) -> None:
    """A link that waits under the name of an attachment leads nowhere."""
    target = tmp_path / "target"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "cong-van.pdf").symlink_to(target)

    assert desk.show("letter.edxml", "--extract", tmp_path / "out") == 3
    assert not target.exists()


@pytest.mark.parametrize(
    "name",
    ["../../evil.pdf", "/etc/evil.pdf", "..\\..\\evil.pdf", "C:\\evil.pdf", "..", ".", "a/../../evil.pdf"],
)
def test_extract_stays_in_its_folder(desk: Desk, tmp_path: Path, name: str) -> None:
    """Whatever an attachment is called, its file is in the folder and nowhere else."""
    attached = Attachment.of(PDF, content_id="1", name=name, content_type="application/pdf")
    file = desk.write("evil.edxml", edxml({"1": PDF}, attachments=(attached,)))
    outer = tmp_path / "outer"

    assert desk.show(file, "--extract", outer / "inner") == 0

    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.parent for path in written] == [outer / "inner"]
    assert written[0].read_bytes() == PDF


def test_extract_keeps_files_of_one_name_apart(desk: Desk, tmp_path: Path) -> None:
    """Two attachments of the same name, but for capitals, become two files."""
    contents = {"1": PDF, "2": PDF + b"2", "3": PDF + b"3"}
    attached = tuple(
        Attachment.of(contents[content_id], content_id=content_id, name=name, content_type="application/pdf")
        for content_id, name in (("1", "a.pdf"), ("2", "A.PDF"), ("3", "a.pdf"))
    )
    file = desk.write("same.edxml", edxml(contents, attachments=attached))

    assert desk.show(file, "--extract", tmp_path) == 0

    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert found == {"a.pdf": PDF, "A (2).PDF": PDF + b"2", "a (3).pdf": PDF + b"3"}
