"""`vanthu receipt`: fetched from a gateway, checked without it; valid is only what it signed, about this very document."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cli import run
from gateway.clock import utc_now
from gateway.demo.cast import HANOI, SIDES, TUYEN_QUANG
from gateway.demo.letter import change_one_byte, write_letter
from gateway.demo.pki import identities
from gateway.keys.files import make_key, read_key
from routing.canonical import canonical_json
from routing.note import Verifier, verifier_key
from routing.receipt import RECEIPT
from routing.statement import sign_statement
from tests.cli.world import Served, command, lines_wider_than


class Desk:
    """A folder with what somebody keeps of one letter: the document, its receipts, the keys, and where its entry is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __truediv__(self, name: str) -> str:
        """Name a file in the folder."""
        return str(self.folder / name)

    def load(self, name: str) -> Any:
        """Read a JSON file."""
        return json.loads((self.folder / name).read_text())

    def write(self, name: str, value: Any) -> str:
        """Write a JSON file, and return its path."""
        (self.folder / name).write_text(json.dumps(value))
        return self / name

    def copy(self, folder: Path) -> Desk:
        """Copy everything, so that it can be altered."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Desk(folder)


def get(gateway: Served, *arguments: str) -> int:
    """Fetch receipts as Hà Nội."""
    return run(["receipt", "get", *arguments, "--url", gateway.url, "--token", gateway.token("hanoi")])


def fetch_keys(gateway: Served, *arguments: str) -> int:
    """Fetch the keys as anybody."""
    return run(["receipt", "keys", *arguments, "--url", gateway.url])


@pytest.fixture(scope="module")
def kept(gateway: Served, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Send a letter, and keep what the commands give; nobody may change it."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    private = gateway.folder / "demo"
    keys = identities(SIDES, folder=private, trust_folder=gateway.folder / "trust", at=utc_now())
    letter = write_letter(HANOI, TUYEN_QUANG, keys[HANOI.code])
    (desk.folder / "letter.edxml").write_bytes(letter.signed)
    (desk.folder / "other.edxml").write_bytes(change_one_byte(letter))
    for who, file, answer in (("hanoi", "letter.edxml", "sent.json"), ("hanoi", "other.edxml", "no.json")):
        environment = {"VANTHU_CLIENT_URL": gateway.url, "VANTHU_CLIENT_TOKEN": gateway.token(who)}
        told = command("send", desk / file, "--json", environment=environment)
        (desk.folder / answer).write_text(told.stdout)
    document_id = desk.load("sent.json")["id"]
    assert get(gateway, document_id, "-o", desk / "receipts.json") == 0
    assert fetch_keys(gateway, "-o", desk / "keys.json") == 0
    desk.write("first.json", desk.load("receipts.json")["receipts"][0])
    _keep_entry(gateway, desk)
    return desk


def _keep_entry(gateway: Served, desk: Desk) -> None:
    """Keep the letter's entry, and the proof that it is in the log, as an auditor gets them."""
    import asyncio  # noqa: PLC0415 - only here

    from gateway.client import Client  # noqa: PLC0415 - only here

    wanted = desk.load("first.json")["receipt"]["entry_sha256"]

    async def fetch() -> None:
        async with Client(gateway.url, token=gateway.token("admin")) as auditor:
            start = 0
            while True:
                page = await auditor.entries(start=start, limit=1000)
                for entry in page.entries:
                    if entry.leaf_sha256 == wanted:
                        (desk.folder / "entry.json").write_bytes(base64.b64decode(entry.leaf_base64))
                        desk.write("proof.json", await auditor.proof(entry.index))
                        return
                start = page.next or start
                await asyncio.sleep(0.05)

    asyncio.run(fetch())


@pytest.fixture
def desk(kept: Desk, tmp_path: Path) -> Desk:
    """Return a copy of what was kept."""
    return kept.copy(tmp_path / "desk")


def verify(desk: Desk, file: str, *options: str, keys: str | None = "keys.json") -> int:
    """Check a file under the gateway's keys."""
    under = [] if keys is None else ["--key", desk / keys]
    return run(["receipt", "verify", desk / file, *under, *options])


def test_what_the_gateway_signed_is_valid(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """All receipts of a letter, one of them, and the answer to sending are valid, and tell who, what and when."""
    for file in ("receipts.json", "first.json", "sent.json"):
        assert verify(desk, file, "--document", desk / "letter.edxml") == 0

    told = capsys.readouterr().out
    assert "BIÊN NHẬN HỢP LỆ · valid" in told
    assert "đã tiếp nhận · accepted" in told
    assert "vanthu.local" in told
    assert "TOTAL_PASSED" in told
    assert lines_wider_than(100, told) == []


def test_keys_are_given_in_any_form(desk: Desk, kept: Desk) -> None:
    """A key by itself, a file with one key a line, and the file of `receipt keys` are the same keys."""
    keys = [each["verifier_key"] for each in kept.load("keys.json")["keys"]]
    (desk.folder / "lines.txt").write_text("\n".join(keys) + "\n")

    assert verify(desk, "first.json", "--key", keys[0], keys=None) == 0
    assert verify(desk, "first.json", keys="lines.txt") == 0
    assert verify(desk, "first.json", "--key", keys[1], "--key", keys[0], keys=None) == 0


def test_a_receipt_is_held_against_the_log(desk: Desk) -> None:
    """The entry and the proof that belong to it are found, also among several receipts."""
    log = ("--entry", desk / "entry.json", "--proof", desk / "proof.json")
    for file in ("first.json", "receipts.json"):
        assert verify(desk, file, *log) == 0
        assert verify(desk, file, *log[:2]) == 0
        assert verify(desk, file, *log[2:]) == 0


def test_the_receipt_of_a_refusal(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Who was refused has the gateway's word for it, about these very bytes."""
    assert desk.load("no.json")["outcome"] == "refused"
    desk.write("no-receipt.json", desk.load("no.json")["receipt"])

    assert verify(desk, "no.json", "--document", desk / "other.edxml", "--json") == 0
    [checked] = json.loads(capsys.readouterr().out)["receipts"]
    assert checked["says"]["reason"] == desk.load("no.json")["code"]
    assert (checked["says"]["vi"], checked["says"]["en"]) == ("đã từ chối", "refused")
    assert verify(desk, "no-receipt.json", "--document", desk / "letter.edxml") == 1


def test_a_delivery_is_told(desk: Desk, gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """The letter of the demo was taken over: the receipts of both sides say so."""
    import sqlite3  # noqa: PLC0415 - the database's own eyes

    with sqlite3.connect(gateway.folder / "vanthu.db") as database:
        [(document_id,)] = database.execute(
            "SELECT message_id FROM delivery WHERE state = 'acknowledged' LIMIT 1"
        )
    database.close()
    assert get(gateway, document_id, "-o", desk / "taken.json") == 0
    capsys.readouterr()

    assert verify(desk, "taken.json") == 0
    told = capsys.readouterr().out
    assert "not held against the document" in told
    assert verify(desk, "taken.json", "--json") == 0
    said = json.loads(capsys.readouterr().out)["receipts"]
    assert {each["says"].get("stage") for each in said} == {None, "received", "acknowledged"}
    assert {each["says"].get("peer") for each in said} == {None, "vanthu.local"}


def test_another_document_is_not_valid(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A document that was changed in one byte is not the one."""
    assert verify(desk, "receipts.json", "--document", desk / "other.edxml") == 1
    assert "log.receipt_mismatch" in capsys.readouterr().out


def _forged(desk: Desk, change: Callable[[dict[str, Any]], None]) -> str:
    signed = desk.load("first.json")
    change(signed)
    desk.write("forged.json", signed)
    return "forged.json"


@pytest.mark.parametrize(
    "change",
    [
        lambda signed: signed["receipt"].update(accepted_at=signed["receipt"]["accepted_at"] - 1),
        lambda signed: signed["receipt"].update(payload_sha256="00" * 32),
        lambda signed: signed["receipt"].pop("indication"),
        lambda signed: signed["receipt"].update(more=1),
        lambda signed: signed["receipt"].update(payload_size=1.5),
        lambda signed: signed.update(signature=base64.b64encode(bytes(64)).decode()),
        lambda signed: signed.update(signature=7),
        lambda signed: signed.update(refusal_receipt=signed.pop("receipt")),
        lambda signed: signed.update(axis=signed.pop("receipt")),
        lambda signed: signed.update(receipts=1),
    ],
    ids=["time", "document", "left out", "added", "float", "signature", "no text", "type", "axis", "two"],
)
def test_what_was_changed_is_not_valid(
    desk: Desk, change: Callable[[dict[str, Any]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is changed, the receipt is not valid any more, and nothing that it says is shown."""
    assert verify(desk, _forged(desk, change)) == 1

    told = capsys.readouterr().out
    assert "BIÊN NHẬN KHÔNG HỢP LỆ · not valid" in told
    assert desk.load("first.json")["receipt"]["document_id"] not in told


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(place=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_no_byte_can_be_changed(desk: Desk, place: int, flip: int) -> None:
    """A file with a receipt in its shortest form in which any byte was changed is never valid, and never breaks the command."""
    raw = bytearray(canonical_json(desk.load("first.json")))
    raw[place % len(raw)] ^= flip
    (desk.folder / "changed.json").write_bytes(raw)

    assert verify(desk, "changed.json") in {1, 2, 3}


def test_one_bad_receipt_spoils_the_file(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Among several receipts the worst counts."""
    receipts = desk.load("receipts.json")
    bad = json.loads(json.dumps(receipts["receipts"][0]))
    bad["receipt"]["payload_size"] += 1
    desk.write("mixed.json", {"receipts": [*receipts["receipts"], bad]})

    assert verify(desk, "mixed.json", "--json") == 1
    outcomes = [each["outcome"] for each in json.loads(capsys.readouterr().out)["receipts"]]
    assert outcomes == ["valid"] * len(receipts["receipts"]) + ["invalid"]


def test_another_key_under_the_same_name(desk: Desk) -> None:
    """A receipt that somebody else signed for the gateway: unknown under the right key, and never valid by its own word."""
    make_key(desk.folder / "mallory.key")
    mallory = read_key(desk.folder / "mallory.key")
    facts = desk.load("first.json")["receipt"]
    forged = sign_statement(RECEIPT, facts, key=mallory, key_name="vanthu.local/receipt")
    desk.write("forged.json", forged)
    assert verify(desk, "forged.json") == 2

    desk.write("claimed.json", {**forged, "key": desk.load("first.json")["key"]})
    assert verify(desk, "claimed.json") == 1

    axis = sign_statement(RECEIPT, facts, key=mallory, key_name="vanthu.local/axis")
    desk.write("axis.json", axis)
    assert verify(desk, "axis.json", "--key", verifier_key("vanthu.local/axis", mallory.public_key())) == 1


def test_a_time_after_the_keys_end(desk: Desk) -> None:
    """What a key is said to have signed after it had ended is not valid; what it signed before stays so."""
    keys = desk.load("keys.json")
    for end, expected in (("2020-01-01T00:00:00Z", 1), ("9999-01-01T00:00:00Z", 0)):
        keys["keys"][0]["valid_until"] = end
        desk.write("ended.json", keys)
        assert verify(desk, "first.json", keys="ended.json") == expected


@pytest.mark.parametrize("keys", [None, "others.txt"])
def test_without_the_key_nothing_is_decided(
    desk: Desk, keys: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a key, or with others, the receipt may be genuine or not."""
    make_key(desk.folder / "other.key")
    other = Verifier.of("vanthu.local/receipt", read_key(desk.folder / "other.key").public_key())
    (desk.folder / "others.txt").write_text(str(other))

    assert verify(desk, "first.json", keys=keys) == 2
    assert "CHƯA KẾT LUẬN ĐƯỢC" in capsys.readouterr().out


def test_a_file_without_receipts_decides_nothing(desk: Desk) -> None:
    """No receipt is no proof."""
    desk.write("empty.json", {"receipts": []})

    assert verify(desk, "empty.json") == 2


def test_another_entry_is_not_valid(desk: Desk) -> None:
    """An entry that was changed, or that no receipt names, does not belong to it."""
    entry = (desk.folder / "entry.json").read_bytes()
    (desk.folder / "changed-entry.json").write_bytes(entry.replace(b'"edoc"', b'"eDoc"'))

    for file in ("first.json", "receipts.json"):
        assert verify(desk, file, "--entry", desk / "changed-entry.json") == 1


def test_a_proof_that_proves_nothing(desk: Desk) -> None:
    """A proof of another place, a changed node, a changed checkpoint and an unknown log do not do."""
    proof = desk.load("proof.json")
    size_line = f"\n{proof['size']}\n"
    for changes in (
        {"index": proof["index"] + 1},
        {"proof": [*proof["proof"][:-1], "00" * 32]},
        {"checkpoint": proof["checkpoint"].replace(size_line, f"\n{proof['size'] + 1}\n")},
    ):
        desk.write("bad-proof.json", {**proof, **changes})
        assert verify(desk, "first.json", "--proof", desk / "bad-proof.json") == 1
    desk.write("elsewhere.json", {**proof, "leaf_sha256": "00" * 32})
    for file in ("first.json", "receipts.json"):
        assert verify(desk, file, "--proof", desk / "elsewhere.json") == 1
    receipt_key = desk.load("keys.json")["keys"][0]["verifier_key"]
    assert verify(desk, "first.json", "--proof", desk / "proof.json", "--key", receipt_key, keys=None) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[]", "not a file with receipts"),
        (b"7", "not a file with receipts"),
        (b"{}", "not a file with receipts"),
        (b'{"receipt": 7}', "not a file with receipts"),
        (b'{"receipts": [7]}', "not a file with receipts"),
        (b'{"signature": NaN}', "NaN"),
        (b'{"signature": "a", "signature": "b"}', "twice"),
        (b'{"signature": ' + b"9" * 5000 + b"}", "JSON"),
    ],
    ids=["empty", "binary", "deep", "list", "number", "nothing", "inside", "items", "nan", "twice", "digits"],
)
def test_what_is_no_file_of_receipts(
    desk: Desk, content: bytes, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anything else is unreadable, with its name and why."""
    (desk.folder / "bad.json").write_bytes(content)

    assert verify(desk, "bad.json") == 3
    told = " ".join(capsys.readouterr().err.split())
    assert "bad.json" in told
    assert reason in told


def test_files_that_cannot_be_used(desk: Desk) -> None:
    """A missing file, a key that is none, and a proof that is none are exit 3."""
    desk.write("bad.json", {"keys": [{"verifier_key": "x"}]})
    desk.write("naive.json", {"keys": [{**desk.load("keys.json")["keys"][0], "valid_until": "2025-01-01"}]})
    for options in (
        ("--document", desk / "none"),
        ("--entry", desk / "none"),
        ("--proof", desk / "none"),
        ("--proof", desk / "first.json"),
        ("--key", "no-key"),
        ("--key", desk / "bad.json"),
        ("--key", desk / "naive.json"),
        ("--key", desk / "letter.edxml"),
    ):
        assert verify(desk, "first.json", *options) == 3
    assert verify(desk, "none.json") == 3
    for name, value in (("index", "1"), ("proof", ["zz"]), ("checkpoint", 7), ("proof", 7)):
        desk.write("bad-proof.json", {**desk.load("proof.json"), name: value})
        assert verify(desk, "first.json", "--proof", desk / "bad-proof.json") == 3


def test_what_is_kept_is_not_replaced(desk: Desk, gateway: Served) -> None:
    """A file that is there stays, unless that is wanted."""
    document_id = desk.load("sent.json")["id"]
    before = (desk.folder / "receipts.json").read_bytes()

    assert get(gateway, document_id, "-o", desk / "receipts.json") == 3
    assert fetch_keys(gateway, "-o", desk / "receipts.json") == 3
    assert (desk.folder / "receipts.json").read_bytes() == before
    assert get(gateway, document_id, "-o", desk / "receipts.json", "--force") == 0


def test_standard_output(desk: Desk, gateway: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a file, receipts and keys go to standard output as JSON."""
    assert get(gateway, desk.load("sent.json")["id"]) == 0
    assert json.loads(capsys.readouterr().out)["receipts"]
    assert fetch_keys(gateway) == 0
    assert json.loads(capsys.readouterr().out) == desk.load("keys.json")
    assert get(gateway, "0197c1f2-5b7e-7c3a-9d51-0f4a3c2b1d10") == 1
