"""`vanthu compose`: plain files become an edXML file that the gateway accepts, or every reason why not."""

from __future__ import annotations

import json
import re
import tomllib
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass, fields
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from certs.issue import KeyType, issue, issue_authority, new_key, new_root
from gateway.cli import composing, run
from gateway.cli.drafts import draft_of
from gateway.cli.output import UnreadableFileError
from gateway.cli.signing import PASSWORD
from gateway.clock import utc_now
from schemas.attachments import read_content
from schemas.document import Document, Organization, OtherInfo, StaffInfo, StatusMessage
from schemas.parse import parse
from schemas.splice import open_file
from tests.cli.world import AGENCIES, command, lines_wider_than
from tests.support.documents import PDF

DAY: Final = timedelta(days=1)
META: Final = """\
subject = "V/v số liệu"
promulgation_date = 2025-07-01
code = { number = "126", notation = "VP-TH" }
document_type = { type_name = "Công văn" }
signer = { full_name = "Nguyễn Văn An" }
sender = { organ_id = "H26.1" }
recipients = [{ organ_id = "H60.1" }]
"""
STATUS: Final = {
    "kind": "status",
    "sender": {"organ_id": "H60.1"},
    "response_for": {
        "organ_id": "H26.1",
        "document_id": "x",
        "code": "1/A",
        "promulgation_date": "2025-07-01",
    },
    "status_code": "03",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with files to attach, descriptions and keys."""

    folder: Path

    def __truediv__(self, name: str) -> Path:
        """Give the place of a file."""
        return self.folder / name

    def write(self, name: str, content: str | bytes) -> Path:
        """Put a file there."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def compose(self, *arguments: str | Path, meta: str = "meta.toml", output: str = "out.edxml") -> int:
        """Run `vanthu compose` in the folder."""
        paths = ["--meta", str(self / meta), "-o", str(self / output)]
        return run(["compose", *paths, *map(str, arguments)])

    def read(self, name: str = "out.edxml") -> Document | StatusMessage:
        """Read what was composed."""
        opened = open_file(self / name)
        return parse(opened.tree, at=utc_now(), contents=opened.contents).message

    def content(self, content_id: str, name: str = "out.edxml") -> bytes:
        """Give the content of an attachment as it travels."""
        return b"".join(read_content(open_file(self / name), content_id))

    def names(self) -> set[str]:
        """List the folder."""
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a folder with a letter, a table and a description."""
    made = Desk(tmp_path)
    made.write("meta.toml", META)
    made.write("cong-van.pdf", PDF)
    made.write("số liệu.csv", "tỉnh,số\nTuyên Quang,1\n")
    return made


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a root, an authority below it, and a key with its certificate chain."""
    folder = tmp_path_factory.mktemp("keys")
    at = utc_now()
    root = new_root("Gốc", at - 9 * DAY)
    below = issue_authority(root, "Cấp dưới", not_before=at - 8 * DAY, not_after=at + 99 * DAY)
    certificate, key = issue(
        below,
        subject_common_name="Văn phòng Hà Nội",
        subject_serial_number="H26.1",
        not_before=at - DAY,
        not_after=at + 9 * DAY,
        key_type=KeyType.RSA_2048,
    )
    plain = (Encoding.PEM, PrivateFormat.PKCS8)
    (folder / "key.pem").write_bytes(key.private_bytes(*plain, NoEncryption()))
    (folder / "locked.pem").write_bytes(key.private_bytes(*plain, BestAvailableEncryption("mật".encode())))
    (folder / "other.pem").write_bytes(new_key().private_bytes(*plain, NoEncryption()))
    edwards = ed25519.Ed25519PrivateKey.generate()
    (folder / "edwards.pem").write_bytes(edwards.private_bytes(*plain, NoEncryption()))
    pems = [each.public_bytes(Encoding.PEM) for each in (below.certificate, certificate)]
    (folder / "chain.pem").write_bytes(b"".join(pems))
    (folder / "root.pem").write_bytes(root.certificate.public_bytes(Encoding.PEM))
    (folder / "agencies.csv").write_text(AGENCIES)
    return folder


def test_files_become_a_document(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A PDF travels as it is, a table inside a ZIP, both under their own names; the summary tells it."""
    assert desk.compose(desk / "cong-van.pdf", desk / "số liệu.csv") == 0

    document = desk.read()
    assert isinstance(document, Document)
    assert [(each.name, each.content_type) for each in document.attachments] == [
        ("cong-van.pdf", "application/pdf"),
        ("số liệu.csv", "application/zip"),
    ]
    assert desk.content("1") == PDF
    with zipfile.ZipFile(BytesIO(desk.content("2"))) as archive:
        (entry,) = archive.namelist()
        assert entry.endswith(".csv")
        assert archive.read(entry) == (desk / "số liệu.csv").read_bytes()
    shown = capsys.readouterr().out
    for expected in (
        "✓ ĐÃ SOẠN",
        "126/VP-TH",
        "H60.1",
        "Chưa ký",
        "bọc ZIP",
        document.attachments[0].sha256[:12],
    ):
        assert expected in shown
    assert lines_wider_than(100, shown) == []


def test_what_is_composed_and_signed_is_accepted(
    desk: Desk, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A signed document passes the gateway's own examination, under a chain that came with the certificate."""
    identity = ("--sign", keys / "key.pem", "--cert", keys / "chain.pem")

    assert desk.compose(desk / "cong-van.pdf", *identity, "--json") == 0

    shown = json.loads(capsys.readouterr().out)
    assert (shown["signed"], shown["document"]["number"]) == (True, "126/VP-TH")
    options = ["--registry", str(keys / "agencies.csv"), "--trust-anchor", str(keys / "root.pem")]
    assert run(["check", str(desk / "out.edxml"), *options]) == 0
    assert desk.names() == {"meta.toml", "cong-van.pdf", "số liệu.csv", "out.edxml"}


def test_an_encrypted_key(
    desk: Desk, keys: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The password comes from the environment; a wrong one is told, and nothing is written."""
    identity = ("--sign", keys / "locked.pem", "--cert", keys / "chain.pem")

    monkeypatch.setenv(PASSWORD, "sai")
    assert desk.compose(desk / "cong-van.pdf", *identity) == 3
    assert "sai mật khẩu · cannot use" in capsys.readouterr().err
    assert not (desk / "out.edxml").exists()
    monkeypatch.setenv(PASSWORD, "mật")
    assert desk.compose(desk / "cong-van.pdf", *identity) == 0
    assert "Đã ký · signed by Văn phòng Hà Nội (H26.1)" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("key", "certificate", "told"),
    [
        ("other.pem", "chain.pem", "không phải chứng thư của khóa"),
        ("edwards.pem", "chain.pem", "chỉ ký được bằng khóa RSA hoặc ECDSA"),
        ("chain.pem", "chain.pem", "không phải khóa bí mật PEM"),
        ("key.pem", "agencies.csv", "không phải chứng thư PEM"),
        ("none.pem", "chain.pem", "Không đọc được"),
    ],
)
def test_unusable_keys(
    desk: Desk, keys: Path, capsys: pytest.CaptureFixture[str], key: str, certificate: str, told: str
) -> None:
    """A key or certificate that will not do is told by name, before anything is written."""
    assert desk.compose(desk / "cong-van.pdf", "--sign", keys / key, "--cert", keys / certificate) == 3

    assert told in " ".join(capsys.readouterr().err.split())
    assert not (desk / "out.edxml").exists()


def test_json_metadata_and_statuses(desk: Desk, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON will do as well as TOML, also under another name; a status message is composed without files and never signed."""
    desk.write("status.json", json.dumps(STATUS))
    desk.write("status.txt", json.dumps(STATUS))

    assert desk.compose(meta="status.json") == 0
    assert isinstance(desk.read(), StatusMessage)
    assert "THÔNG" not in capsys.readouterr().err
    assert desk.compose(meta="status.txt", output="2.edxml") == 0
    identity = ("--sign", keys / "key.pem", "--cert", keys / "chain.pem")
    assert desk.compose(*identity, meta="status.txt", output="3.edxml") == 3
    assert "không mang chữ ký" in capsys.readouterr().err
    assert not (desk / "3.edxml").exists()


def test_every_fault_is_told_with_its_key(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A description with several faults is refused once, for all of them, and leaves no file behind."""
    desk.write("bad.toml", META.replace("subject", "sbject").replace("2025-07-01", '"soon"'))

    assert desk.compose(desk / "cong-van.pdf", meta="bad.toml") == 1

    told = capsys.readouterr().err
    for code, key in (
        ("unknown_key", "sbject"),
        ("missing_key", "subject"),
        ("bad_value", "promulgation_date"),
    ):
        assert f"✗ schema.metadata_{code}   {key}" in told
    assert "subject." in told
    assert desk.names() == {"meta.toml", "bad.toml", "cong-van.pdf", "số liệu.csv"}


@pytest.mark.parametrize(
    ("content", "name"), [("x =", "a.toml"), ("{", "a.json"), ("[1]", "a.json"), (b"\xff = 1", "a.toml")]
)
def test_what_is_no_metadata(
    desk: Desk, capsys: pytest.CaptureFixture[str], content: str | bytes, name: str
) -> None:
    """A description that is neither JSON nor TOML is told where it breaks."""
    desk.write(name, content)

    assert desk.compose(meta=name) == 1
    assert "✗ schema.metadata_unreadable" in capsys.readouterr().err


def test_what_the_reader_refuses_is_not_written(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A program among the files, an empty file, and a date to come are refused as a receiver would."""
    desk.write("tool.pdf", b"MZ" + bytes(62) + b"\x40\0\0\0PE\0\0" + bytes(64))
    desk.write("empty.pdf", b"")
    desk.write("late.toml", META.replace("2025-07-01", "2999-07-01"))

    assert desk.compose(desk / "cong-van.pdf", desk / "empty.pdf") == 1
    assert "✗ schema.metadata_empty_file   attachments[1]" in capsys.readouterr().err
    assert desk.compose(desk / "tool.pdf") == 1
    assert "✗ schema.attachment_executable   attachments[0]" in capsys.readouterr().err
    assert desk.compose(desk / "cong-van.pdf", meta="late.toml") == 1
    assert "✗ schema.date_in_future   promulgation_date" in capsys.readouterr().err
    assert not (desk / "out.edxml").exists()


def test_nothing_is_overwritten_unless_wanted(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is there stays as it is; --force replaces it."""
    desk.write("out.edxml", "mine")

    assert desk.compose(desk / "cong-van.pdf") == 3
    assert "--force" in capsys.readouterr().err
    assert (desk / "out.edxml").read_text() == "mine"
    assert desk.compose(desk / "cong-van.pdf", "--force") == 0
    assert isinstance(desk.read(), Document)


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """The draft, private until then, takes its name only if that is still free; rights are those of any new file."""
    target = tmp_path / "out"
    with ExitStack() as stack:
        draft = stack.enter_context(draft_of(target, force=False))
        draft.write_text("new")
        assert draft.stat().st_mode & 0o777 == 0o600
        target.write_text("mine")
        with pytest.raises(UnreadableFileError):
            stack.close()
    assert target.read_text() == "mine"
    with draft_of(target, force=True) as draft:
        draft.write_text("new")
    assert target.read_text() == "new"
    other = tmp_path / "other"
    other.touch()
    assert target.stat().st_mode == other.stat().st_mode
    assert {path.name for path in tmp_path.iterdir()} == {"out", "other"}


@pytest.mark.parametrize("arguments", [("none.pdf",), ("meta.toml/x.pdf",)])
def test_files_that_cannot_be_read(
    desk: Desk, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """A file that is not there is told by name, and the draft is gone."""
    assert desk.compose(*(desk / each for each in arguments)) == 3
    assert arguments[0].rpartition("/")[2] in capsys.readouterr().err
    assert desk.names() == {"meta.toml", "cong-van.pdf", "số liệu.csv"}


def test_no_folder_for_the_output(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """An output that cannot be written is told."""
    assert desk.compose(desk / "cong-van.pdf", output="none/out.edxml") == 3
    assert "Không ghi được" in capsys.readouterr().err


def test_standard_output_holds_the_file_and_nothing_else(desk: Desk) -> None:
    """With -o - the file can be piped on; what is for people goes to standard error."""
    done = command("compose", "--meta", desk / "meta.toml", desk / "cong-van.pdf", "-o", "-")

    assert done.returncode == 0
    desk.write("piped.edxml", done.stdout)
    assert isinstance(desk.read("piped.edxml"), Document)
    assert "ĐÃ SOẠN" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--meta", "m"],
        ["-o", "o"],
        ["--meta", "m", "-o", "o", "--sign", "k"],
        ["--meta", "m", "-o", "o", "--cert", "c"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What belongs together is asked for together."""
    assert run(["compose", *arguments]) == 64
    assert "Sai cú pháp" in capsys.readouterr().err


def test_the_example_composes(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The printed sample works as it stands."""
    assert run(["compose", "--example"]) == 0
    desk.write("example.toml", capsys.readouterr().out)

    assert desk.compose(desk / "cong-van.pdf", meta="example.toml") == 0
    assert isinstance(desk.read(), Document)


def test_the_example_works_with_every_option(desk: Desk) -> None:
    """With every optional line of the first part taken in, the sample still works, and names every key there is."""
    text = composing.example()
    optional = re.sub(r"(?m)^# (?=\[|[a-z_]+ = )", "", text.partition("# Nghiệp vụ")[0])
    desk.write("all.toml", optional)
    desk.write("phu-luc.xlsx", PDF)

    assert desk.compose(desk / "cong-van.pdf", desk / "phu-luc.xlsx", meta="all.toml") == 0
    document = desk.read()
    assert isinstance(document, Document)
    assert document.attachments[1].description == "Phụ lục I"
    assert document.response_for[0].code == "15/VP-TH"
    for kind in (Document, Organization, OtherInfo, StaffInfo):
        named = {field.name for field in fields(kind) if re.search(rf"\b{field.name}\b", text)}
        assert named == {field.name for field in fields(kind)}
    assert tomllib.loads(optional)["document_type"] == {"type_name": "Công văn", "type": 1, "type_detail": 0}
