"""`vanthu check`: the gateway's own examination at a desk, its three outcomes and how they are told."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from certs.issue import issue, new_root
from gateway.cli import run
from gateway.cli.offline import offline_directory
from gateway.clock import utc_now
from gateway.demo.cast import HANOI, SIDES, TUYEN_QUANG
from gateway.demo.letter import change_one_byte, write_letter, write_status
from gateway.demo.pki import ROOT_FILE, Identity, identities
from routing.agency_csv import parse_agencies
from tests.cli.world import AGENCIES, lines_wider_than
from tests.support import pki
from tests.support.crl import crl, revoked
from tests.support.registry import BEFORE, an_agency


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a letter, a forged one, a status, a list of agencies and a trust anchor."""
    folder = tmp_path_factory.mktemp("desk")
    keys = identities(SIDES, folder=folder, trust_folder=folder, at=utc_now())
    letter = write_letter(HANOI, TUYEN_QUANG, keys[HANOI.code])
    (folder / "letter.edxml").write_bytes(letter.signed)
    (folder / "forged.edxml").write_bytes(change_one_byte(letter))
    (folder / "status.edxml").write_bytes(write_status(letter, TUYEN_QUANG, at=utc_now()))
    (folder / "agencies.csv").write_text(AGENCIES)
    return folder


def _check(desk: Path, name: str, *more: str) -> int:
    registry, root = desk / "agencies.csv", desk / ROOT_FILE
    options = ["--registry", str(registry), "--trust-anchor", str(root)]
    return run(["check", str(desk / name), *options, *more])


def test_accepted(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good letter is accepted; number, subject, both agencies, signature and binding are shown within 100 columns."""
    code = _check(desk, "letter.edxml")

    shown = capsys.readouterr().out
    assert code == 0
    assert "CHẤP NHẬN · accepted" in shown
    assert "H26.1  Văn phòng Ủy ban nhân dân Thành phố Hà Nội" in shown
    assert "H60.1  Văn phòng Ủy ban nhân dân Tỉnh Tuyên Quang" in shown
    assert "TOTAL_PASSED" in shown
    assert "certificate-subject = H26.1" in shown
    assert "Routing was not checked against real members" in shown
    assert lines_wider_than(100, shown) == []


def test_status(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A status message is examined too."""
    assert _check(desk, "status.edxml") == 0
    assert "03  Đã tiếp nhận" in capsys.readouterr().out


def test_refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A forged letter is refused with code, both languages and what to do."""
    code = _check(desk, "forged.edxml")

    shown = capsys.readouterr().out
    assert code == 1
    assert "✗ certs.digest_mismatch" in shown
    assert "thay đổi sau khi ký" in shown
    assert "changed after" in shown
    assert "→" in shown


def test_refused_for_machines(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--json` the whole examination comes as one document."""
    code = _check(desk, "forged.edxml", "--json")

    report = json.loads(capsys.readouterr().out)
    assert code == 1
    assert (report["outcome"], report["kind"], report["routing_checked"]) == ("refused", "edoc", False)
    assert report["sender"]["name"] == "Văn phòng Ủy ban nhân dân Thành phố Hà Nội"
    assert [recipient["code"] for recipient in report["recipients"]] == ["H60.1"]
    assert report["verdict"]["indication"] == "TOTAL_FAILED"
    assert {"code", "vi", "en", "fix_vi", "fix_en", "level"} <= report["findings"][0].keys()


def test_clause_and_place(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A finding about the file shows where, and the clause."""
    letter = (desk / "letter.edxml").read_text()
    (desk / "undated.edxml").write_text(letter.replace("PromulgationDate>20", "PromulgationDate>x20"))

    assert _check(desk, "undated.edxml") == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "§ QCVN 102:2016/BTTTT, mục 1.4 PromulgationInfo/PromulgationDate" in shown
    assert ", dòng " in shown


def test_revocation(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a list it is told that none was looked at; with one, what it says, and a revoked signer is refused."""
    now = utc_now().replace(microsecond=0)
    root = new_root("Gốc", now - timedelta(days=1))
    certificate, key = issue(
        root,
        subject_common_name=HANOI.holder,
        subject_serial_number=HANOI.code,
        not_before=now - timedelta(days=1),
        not_after=now + timedelta(days=1),
    )
    letter, anchor = tmp_path / "letter.edxml", tmp_path / "root.pem"
    letter.write_bytes(write_letter(HANOI, TUYEN_QUANG, Identity(certificate=certificate, key=key)).signed)
    anchor.write_bytes(root.certificate.public_bytes(Encoding.PEM))
    clean, naming = tmp_path / "clean.crl", tmp_path / "naming.crl"
    clean.write_bytes(crl(root, this_update=now - timedelta(hours=2)))
    since = now - timedelta(hours=1)
    naming.write_bytes(crl(root, revoked(certificate, since=since), this_update=since))

    def check(*lists: Path) -> tuple[int, str]:
        options = ["--registry", str(desk / "agencies.csv"), "--trust-anchor", str(anchor)]
        for each in lists:
            options += ["--crl", str(each)]
        code = run(["check", str(letter), *options])
        return code, " ".join(capsys.readouterr().out.split())

    code, shown = check()
    assert code == 0
    assert "chưa rõ · unknown: chưa có danh sách thu hồi" in shown
    assert "to check revocation: --crl FILE" in shown
    code, shown = check(clean)
    assert code == 0
    assert "không bị thu hồi · good" in shown
    assert "--crl" not in shown
    code, shown = check(clean, naming)
    assert code == 1
    assert "✗ certs.certificate_revoked" in shown
    assert "đã thu hồi · revoked" in shown


def test_revocation_list_that_cannot_be_used(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list that nobody vouches for is a file that cannot be read."""
    (desk / "forged.crl").write_bytes(crl(pki.root()))

    assert _check(desk, "letter.edxml", "--crl", str(desk / "forged.crl")) == 3
    shown = capsys.readouterr()
    assert "danh sách thu hồi" in shown.out + shown.err


def test_strict_profile(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What only the strict schema minds is told when asked for, once, and changes no outcome."""
    letter = (desk / "status.edxml").read_text()
    description = letter[letter.index("<edXML:Description>") : letter.index("<edXML:Timestamp>")]
    (desk / "moved.edxml").write_text(
        letter.replace(description, "").replace("<edXML:StatusCode>", f"{description}<edXML:StatusCode>")
    )

    assert _check(desk, "moved.edxml") == 0
    assert "schema.xsd" not in capsys.readouterr().out
    assert _check(desk, "moved.edxml", "--profile", "strict", "--json") == 0
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["code"], finding["level"]) == ("schema.xsd_element_unexpected", "warning")
    assert finding["clause"].startswith("QCVN 102:2016/BTTTT, thông điệp trạng thái Description")


@pytest.mark.parametrize("name", ["letter.edxml", "status.edxml"])
def test_own_files_are_strict(desk: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What this software writes and signs leaves the strict schema nothing to remark."""
    assert _check(desk, name, "--profile", "strict", "--json") == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []


def test_strict_profile_says_nothing_twice(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A value that the reader speaks of is not spoken of again; a file that is no XML has only its own fault."""
    status = (desk / "status.edxml").read_text()
    (desk / "07.edxml").write_text(status.replace("StatusCode>03<", "StatusCode>07<"))
    (desk / "text.edxml").write_text("text")

    assert _check(desk, "07.edxml", "--profile", "strict", "--json") == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [each["code"] for each in findings] == ["schema.unknown_status_code"]
    assert _check(desk, "text.edxml", "--profile", "strict", "--json") == 1
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 1


def test_strict_profile_quotes_no_secret(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a state secret only that it is one is told."""
    letter = (desk / "letter.edxml").read_text()
    start, end = letter.index("<edXML:Subject>"), letter.index("</edXML:Subject>")
    secret = f"{letter[:start]}<edXML:Subject>TỐI MẬT {'x' * 600}{letter[end:]}"
    (desk / "secret.edxml").write_text(
        secret.replace("<edXML:Place>", "<edXML:Place>MẬT</edXML:Place><edXML:Place>")
    )

    assert _check(desk, "secret.edxml", "--profile", "strict", "--json") == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [each["code"] for each in findings] == ["schema.state_secret"]


def test_undecided_without_registry_and_anchors(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a list and without anchors nothing is decided, and the options that help are named."""
    code = run(["check", str(desk / "letter.edxml")])

    shown = capsys.readouterr().out
    assert code == 2
    assert "certs.no_trust_anchors" in shown
    assert "registry.empty" in shown
    assert "--registry" in shown
    assert "--trust-anchor" in shown


@pytest.mark.parametrize(
    ("at", "code"),
    [("2020-01-01", 1), ("2040-01-01T10:00:00", 1), ("2040-01-01T03:00:00+0000", 1)],
)
def test_at_another_moment(desk: Path, at: str, code: int) -> None:
    """The moment counts: before the letter's date, and when the certificate has lapsed, it is refused."""
    assert _check(desk, "letter.edxml", "--at", at) == code


def test_not_edxml(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Something that is no edXML is refused with what was found, and no terminal control gets through."""
    (desk / "other.xml").write_text("<x>\x9b31m</x>")

    assert _check(desk, "other.xml") == 1
    shown = capsys.readouterr().out
    assert "schema." in shown
    assert "\x9b" not in shown


def test_unreadable_file(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there gives exit 3 and a sentence, not a traceback."""
    assert _check(desk, "none.edxml") == 3
    assert "Không đọc được" in capsys.readouterr().err


def test_faulty_registry(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list with faults is not used; each fault is told."""
    bad = desk / "bad.csv"
    bad.write_text("code,name,parent,kind\nh26,Hà Nội,,province\nH60,,,province\n")

    assert run(["check", str(desk / "letter.edxml"), "--registry", str(bad)]) == 3
    told = capsys.readouterr().err
    assert told.count("registry.bad_row") == 2
    assert "2 lỗi" in told


def test_faulty_anchor(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An agency's certificate is no trust anchor."""
    keys: dict[str, Identity] = dict(identities(SIDES, folder=desk, trust_folder=desk, at=utc_now()))
    leaf = desk / "leaf.pem"
    leaf.write_bytes(keys[HANOI.code].certificate.public_bytes(Encoding.PEM))

    assert run(["check", str(desk / "letter.edxml"), "--trust-anchor", str(leaf)]) == 3
    assert "Không dùng được chứng thư gốc" in capsys.readouterr().err


@given(
    st.sets(
        st.sampled_from(
            ["H26", "H26.1", "H60.1", "G22.1.2", "0100109106", "0100109106-001", "Z01abc", "Z01a.b"]
        )
    )
)
def test_every_code_counts_as_connected(codes: set[str]) -> None:
    """Whatever the list holds, each of its codes is served by the one invented member."""
    directory = offline_directory(tuple(an_agency(code) for code in sorted(codes)))

    assert all(directory.member_for(code, BEFORE) is not None for code in codes)


def test_shipped_list_is_good() -> None:
    """The list that the demo ships is one that a desk can use."""
    content = (Path(__file__).parents[2] / "gateway/demo/agencies-2025-06-30.csv").read_bytes()

    assert len(offline_directory(parse_agencies(content))) == 11_677
