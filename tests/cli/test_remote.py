"""The verbs that call a gateway, against a gateway that runs as a process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.cli import run
from gateway.clock import utc_now
from gateway.demo.cast import HANOI, SIDES, TUYEN_QUANG
from gateway.demo.letter import Letter, change_one_byte, write_letter, write_status
from gateway.demo.pki import identities
from tests.cli.world import AGENCIES, Served, lines_wider_than, served


@pytest.fixture
def letter(gateway: Served) -> Letter:
    """Return a new letter from Hà Nội to Tuyên Quang."""
    private = gateway.folder / "demo"
    keys = identities(SIDES, folder=private, trust_folder=gateway.folder / "trust", at=utc_now())
    return write_letter(HANOI, TUYEN_QUANG, keys[HANOI.code])


def _call(gateway: Served, who: str, *arguments: str) -> int:
    return run([*arguments, "--url", gateway.url, "--token", gateway.token(who)])


def _answer(gateway: Served, capsys: pytest.CaptureFixture[str], who: str, *arguments: str) -> Any:
    assert _call(gateway, who, *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def _arrived(gateway: Served, capture: Any, who: str, document_id: str) -> Any:
    """Wait for a letter in an inbox in which others may wait too."""
    position: list[str] = []
    while True:
        capture.readouterr()
        assert _call(gateway, who, "inbox", "list", "--wait", "20", "--json", *position) == 0
        items = json.loads(capture.readouterr().out)["items"]
        assert items, "it did not arrive"
        for item in items:
            if item["document"]["document_id"] == document_id:
                return item
        position = ["--after", items[-1]["id"]]


def test_letter_and_status(
    gateway: Served, letter: Letter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A letter is sent, listed, fetched byte for byte and acknowledged, and its status comes back, by commands alone."""
    file = tmp_path / "letter.edxml"
    file.write_bytes(letter.signed)
    assert _call(gateway, "hanoi", "send", str(file), "--key", f"k-{tmp_path.name}") == 0
    assert "ĐÃ TIẾP NHẬN · accepted" in capsys.readouterr().out

    item = _arrived(gateway, capsys, "tuyenquang", letter.document.document_id)
    fetched = tmp_path / "fetched.edxml"
    assert _call(gateway, "tuyenquang", "inbox", "get", item["id"], "-o", str(fetched)) == 0
    assert fetched.read_bytes() == letter.signed
    assert _call(gateway, "tuyenquang", "inbox", "ack", item["id"]) == 0
    assert "nơi gửi sẽ được báo" in capsys.readouterr().out
    assert _call(gateway, "tuyenquang", "inbox", "ack", item["id"]) == 0
    assert "Đã xác nhận từ trước" in capsys.readouterr().out

    status = tmp_path / "status.edxml"
    status.write_bytes(write_status(letter, TUYEN_QUANG, at=utc_now()))
    sent = _answer(gateway, capsys, "tuyenquang", "send", str(status))
    assert (sent["kind"], sent["status_code"]) == ("status", "03")
    item = _arrived(gateway, capsys, "hanoi", letter.document.document_id)
    assert (item["kind"], item["document"]["about"]) == ("status", sent["about"])
    assert _call(gateway, "hanoi", "inbox", "list", "--limit", "200") == 0
    shown = capsys.readouterr().out
    assert "trạng thái 03" in shown
    assert lines_wider_than(100, shown) == []


def test_sending_again_is_a_replay(
    gateway: Served, letter: Letter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same bytes again get the first answer again, and the output says so."""
    file = tmp_path / "letter.edxml"
    file.write_bytes(letter.signed)
    first = _answer(gateway, capsys, "hanoi", "send", str(file))

    assert _call(gateway, "hanoi", "send", str(file)) == 0
    shown = capsys.readouterr().out
    assert "ĐÃ TIẾP NHẬN TRƯỚC ĐÓ" in shown
    assert first["id"] in shown


def test_refusal(gateway: Served, letter: Letter, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A forged letter gives exit 1 with every finding on standard error; with `--json` the problem document itself."""
    file = tmp_path / "forged.edxml"
    file.write_bytes(change_one_byte(letter))

    assert _call(gateway, "hanoi", "send", str(file)) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "BỊ TỪ CHỐI · refused (HTTP 422)" in told.err
    assert "certs.digest_mismatch" in told.err
    assert _call(gateway, "hanoi", "send", str(file), "--json") == 1
    assert json.loads(capsys.readouterr().out)["code"] == "certs.digest_mismatch"


def test_what_is_not_xml_is_left_to_the_gateway(
    gateway: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is no XML at all goes to the gateway, which says what is wrong with it."""
    file = tmp_path / "x.edxml"
    file.write_bytes(b"no XML")

    assert _call(gateway, "hanoi", "send", str(file)) == 1
    assert "schema." in capsys.readouterr().err


def test_content_to_standard_output(
    gateway: Served, letter: Letter, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Without a file name the exact bytes go to standard output and nothing else does."""
    file = tmp_path / "letter.edxml"
    file.write_bytes(letter.signed)
    assert _call(gateway, "hanoi", "send", str(file)) == 0
    item = _arrived(gateway, capfdbinary, "tuyenquang", letter.document.document_id)

    assert _call(gateway, "tuyenquang", "inbox", "get", item["id"]) == 0
    assert capfdbinary.readouterr().out == letter.signed


def test_empty_inbox_and_paging(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """An inbox without items says so; one with more than asked for says how to go on."""
    assert _call(gateway, "hanoi", "inbox", "list", "--code", "H26") == 0
    assert "nothing is waiting" in capsys.readouterr().out
    assert _call(gateway, "hanoi", "inbox", "list", "--limit", "1") == 0
    assert "--after" in capsys.readouterr().out


def test_registry_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list begins an empty registry, the same list changes nothing, and what is faulty or comes later is refused."""
    file = tmp_path / "agencies.csv"
    with served(tmp_path / "data") as empty:
        file.write_text("code,name,parent,kind\n" + "".join(f"bad{n},Tên,,province\n" for n in range(5)))
        assert _call(empty, "admin", "registry", "load", str(file)) == 1
        told = capsys.readouterr().err
        assert "registry.file_refused" in told
        assert all(f"“bad{n}”" in told for n in range(5))
        assert lines_wider_than(100, told) == []

        file.write_text(f"{AGENCIES}H60.2,Sở Nội vụ Tỉnh Tuyên Quang,H60,department,,\n")
        loaded = _answer(empty, capsys, "admin", "registry", "load", str(file))
        assert (loaded["agencies"], loaded["changed"]) == (6, True)
        assert _call(empty, "admin", "registry", "load", str(file)) == 0
        assert "Danh mục không đổi" in capsys.readouterr().out

        file.write_text(AGENCIES)
        assert _call(empty, "admin", "registry", "load", str(file)) == 1
        assert "registry.not_empty" in capsys.readouterr().err


def test_a_system_is_connected_for_the_bodies_of_its_codes(
    gateway: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--since` asks for those of a moment, in the time of Vietnam; with no other body there is only one."""
    facts = ["member", "add", "snv", "--name", "Sở Nội vụ", "--prefix", "H26.77"]
    bound = _answer(gateway, capsys, "admin", *facts)
    later = _answer(gateway, capsys, "admin", *facts, "--since", "2099-07-01T00:00:00")

    assert bound["entities"] == later["entities"] == [None]
    assert _call(gateway, "admin", *facts, "--since", "ngày mai") == 64


def test_member_token_and_certificate(
    gateway: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A system is connected, gets a token, an agency gets a certificate, an auditor a token that ends."""
    assert (
        _call(gateway, "admin", "member", "add", "vpcp", "--name", "Văn phòng Chính phủ", "--prefix", "G22")
        == 0
    )
    assert "Đã kết nối hệ thống" in capsys.readouterr().out
    made = _answer(gateway, capsys, "admin", "token", "issue", "--member", "vpcp")
    assert made["token"].startswith("vt_")
    assert run(["inbox", "list", "--url", gateway.url, "--token", made["token"]]) == 0
    capsys.readouterr()

    assert _call(gateway, "admin", "token", "issue", "--role", "auditor", "--expires", "2099-01-01") == 0
    assert "chỉ hiện lần này" in capsys.readouterr().out

    keys = identities(SIDES, folder=tmp_path, trust_folder=tmp_path, at=utc_now())
    pem = tmp_path / "g22.pem"
    pem.write_bytes(keys[HANOI.code].certificate.public_bytes(Encoding.PEM))
    assert _call(gateway, "admin", "cert", "register", "G22", str(pem)) == 0
    assert "Đã đăng ký chứng thư cho G22" in capsys.readouterr().out


@pytest.mark.parametrize("chosen", [[], ["--member", "hanoi", "--role", "auditor"]], ids=["neither", "both"])
def test_token_for_a_member_or_for_roles(chosen: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A token is for a member or for roles, never for both: wrong usage gives exit 64."""
    assert run(["token", "issue", *chosen]) == 64
    assert "wrong usage" in capsys.readouterr().err


def test_bad_token(gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """A token that is none gives exit 1 and says what to do."""
    assert run(["inbox", "list", "--url", gateway.url, "--token", "vt_nothing"]) == 1
    assert "access.token_invalid" in capsys.readouterr().err


def test_settings_from_the_environment(
    gateway: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Address and token may stand in VANTHU_CLIENT_URL and VANTHU_CLIENT_TOKEN."""
    monkeypatch.setenv("VANTHU_CLIENT_URL", gateway.url)
    monkeypatch.setenv("VANTHU_CLIENT_TOKEN", gateway.token("hanoi"))

    assert run(["inbox", "list"]) == 0
    assert capsys.readouterr().out


def test_no_gateway_there(unused_tcp_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing listens the exit is 4, with what to look at."""
    pem = tmp_path / "x.pem"
    pem.write_bytes(b"")
    url = f"http://127.0.0.1:{unused_tcp_port}"

    assert run(["cert", "register", "G22", str(pem), "--url", url]) == 4
    assert "vanthu serve" in capsys.readouterr().err


def test_verdict_replay(
    gateway: Served, letter: Letter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A document is judged again, for people and for machines, and the exit says the indication."""
    file, policy = tmp_path / "letter.edxml", tmp_path / "policy.toml"
    file.write_bytes(letter.signed)
    policy.write_text('name = "strict"\nversion = 2\n[checks]\n"certs.no_timestamp" = "fail"\n')
    sent = _answer(gateway, capsys, "hanoi", "send", str(file))

    assert _call(gateway, "hanoi", "verdict", "replay", sent["id"]) == 0
    shown = capsys.readouterr().out
    assert "CHỮ KÝ HỢP LỆ" in shown
    assert sent["sha256"] in shown
    judged = _call(gateway, "hanoi", "verdict", "replay", sent["id"], "--policy", str(policy), "--json")
    assert judged == 2
    assert json.loads(capsys.readouterr().out)["verdict"]["errors"] == ["certs.no_timestamp"]
    assert _call(gateway, "hanoi", "verdict", "replay", sent["id"], "--at", "2000-01-01") == 2
    assert "certs.certificate_not_yet_valid" in capsys.readouterr().out


@pytest.mark.parametrize("chosen", [("hanoi.dead",), ("new", "--queue", "member.hanoi.dead")])
def test_no_queue_where_others_have_their_dead_letters(
    gateway: Served, capsys: pytest.CaptureFixture[str], chosen: tuple[str, ...]
) -> None:
    """A system whose queue would be another one's dead letters is refused, with what to do."""
    facts = ["--name", "X", "--prefix", "G96"]

    assert _call(gateway, "admin", "member", "add", *chosen, *facts) == 1
    refused = capsys.readouterr().err
    assert "axis.queue_reserved" in refused
    assert "“.dead”" in refused


def test_a_deadline_is_shown_and_one_in_the_past_is_refused(
    gateway: Served, letter: Letter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--deliver-by` is Vietnam time; what has passed is refused with what to do, and nothing was sent by that."""
    file = tmp_path / "letter.edxml"
    file.write_bytes(letter.signed)

    assert _call(gateway, "hanoi", "send", str(file), "--deliver-by", "2020-01-01T00:00:00") == 1
    refused = " ".join(capsys.readouterr().err.split())
    assert "intake.deadline_passed" in refused
    assert _call(gateway, "hanoi", "send", str(file), "--deliver-by", "2090-01-01T00:00:00") == 0
    shown = capsys.readouterr().out
    assert "hạn gửi · deliver by" in shown
    assert "2090" in shown
    assert "#" in shown  # the number in the flow


def test_the_inbox_shows_what_is_urgent(
    gateway: Served, letter: Letter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--urgent` leaves the others out; an item says its number in the flow."""
    file = tmp_path / "letter.edxml"
    file.write_bytes(letter.signed)
    assert _call(gateway, "hanoi", "send", str(file)) == 0
    item = _arrived(gateway, capsys, "tuyenquang", letter.document.document_id)

    page = _answer(gateway, capsys, "tuyenquang", "inbox", "list", "--urgent", "--limit", "200")

    assert (item["id"] in [each["id"] for each in page["items"]]) == (item["urgency"] > 0)
    assert all(each["urgency"] > 0 for each in page["items"])
    assert _call(gateway, "tuyenquang", "inbox", "list", "--limit", "200") == 0
    assert f"#{item['flow_seq']}" in capsys.readouterr().out.replace("\n", "")
