"""`vanthu cert`: registering, listing, what becomes of registrations, and the calendar, against a running gateway."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.certificate import fingerprint, key_fingerprint
from certs.issue import Authority, issue, new_root
from gateway.cli import run
from gateway.cli.calendar import LINE, icalendar
from gateway.clock import utc_now
from tests.cli.world import Served, lines_wider_than
from tests.support.pki import Identity

DAY = timedelta(days=1)
NOBODY = "ab" * 32


@cache
def root() -> Authority:
    """Return the authority that issued everything here."""
    return new_root("Tổ chức chứng thực", utc_now() - 30 * DAY)


def a_certificate(folder: Path, name: str, *, days: int = 365, form: Encoding = Encoding.PEM) -> Identity:
    """Write a new certificate into a folder, and return it with its key."""
    made = issue(
        root(),
        subject_common_name=name,
        subject_serial_number="G22",
        organization="Văn phòng Chính phủ",
        not_before=utc_now() - DAY,
        not_after=utc_now() + days * DAY,
    )
    (folder / f"{name}.pem").write_bytes(made[0].public_bytes(form))
    return made


def call(gateway: Served, *arguments: str) -> int:
    """Run `vanthu cert` as the administrator."""
    return run(["cert", *arguments, "--url", gateway.url, "--token", gateway.token("admin")])


def answer(gateway: Served, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Run it for JSON."""
    capsys.readouterr()
    assert call(gateway, *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_rollover(gateway: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The steps of docs/agency-certificates.md: old, then new that replaces it, both in force, shown in the calendar."""
    old = a_certificate(tmp_path, "cu", days=20)
    a_certificate(tmp_path, "moi", form=Encoding.DER)
    assert call(gateway, "register", "G22", str(tmp_path / "cu.pem"), "--until", "2099-01-01") == 0
    told = capsys.readouterr().out
    assert "Đã đăng ký chứng thư cho G22" in told
    sha256 = fingerprint(old[0])

    assert call(gateway, "register", "G22", str(tmp_path / "moi.pem"), "--replaces", sha256) == 0
    told = capsys.readouterr().out
    assert "also in force" in told
    assert lines_wider_than(100, told) == []
    assert call(gateway, "list", "G22") == 0
    told = capsys.readouterr().out
    assert sha256 in told
    assert "đã có bản mới · newer" in told
    assert lines_wider_than(100, told) == []

    listed = answer(gateway, capsys, "list")
    office = next(each for each in listed["agencies"] if each["code"] == "G22")
    first = next(each for each in office["registrations"] if each["certificate_sha256"] == sha256)
    assert first["valid_to"] == "2098-12-31T17:00:00.000Z"
    assert len(first["replaced_by"]) == 1
    ics = tmp_path / "lich.ics"
    assert call(gateway, "calendar", "--days", "30", "--ics", str(ics)) == 0
    told = capsys.readouterr().out
    assert "bản mới · newer" in told
    assert any(sha256[:16] in line and " có " in line for line in told.splitlines())
    assert lines_wider_than(100, told) == []
    assert b"SHA-256 " + sha256.encode() in ics.read_bytes().replace(b"\r\n ", b"")
    assert any(
        each["certificate_sha256"] == sha256
        for each in answer(gateway, capsys, "calendar", "--days", "30")["endings"]
    )


def test_suspend_resume_revoke(gateway: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each says what the registration is now; what cannot be done is exit 1."""
    sha256 = fingerprint(a_certificate(tmp_path, "mot")[0])
    file = str(tmp_path / "mot.pem")
    assert call(gateway, "register", "G22", file) == 0
    made = answer(gateway, capsys, "suspend", "G22", sha256, "--reason", "nghi lộ")
    assert made["registration"]["state"] == "suspended"
    assert call(gateway, "resume", "G22", sha256, "--reason", "xong") == 0
    told = capsys.readouterr().out
    assert "resumed" in told
    assert "nghi lộ" in told
    since = (utc_now() - DAY).strftime("%Y-%m-%d")
    arguments = ("G22", sha256, "--reason", "mất", "--since", since, "--compromised")
    revoked = answer(gateway, capsys, "revoke", *arguments)["registration"]["revoked"]
    assert (revoked["reason"], revoked["compromised"]) == ("mất", True)
    assert datetime.fromisoformat(revoked["since"]) < utc_now() - timedelta(hours=1)
    assert call(gateway, "suspend", "G22", sha256, "--reason", "x") == 1
    assert call(gateway, "register", "G22", file) == 1
    assert call(gateway, "revoke", "G22", NOBODY, "--reason", "x") == 1
    assert "request.not_found" in capsys.readouterr().err


def test_by_key_and_by_profile(gateway: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The key, or the authority and the attributes that are named."""
    made, file = a_certificate(tmp_path, "hai"), str(tmp_path / "hai.pem")
    ca = tmp_path / "ca.pem"
    ca.write_bytes(root().certificate.public_bytes(Encoding.PEM))
    by_key = answer(gateway, capsys, "register", "G22", file, "--by", "spki", "--from", "2020-01-01")
    assert by_key["registration"]["spki_sha256"] == key_fingerprint(made[0])
    profile = ["--by", "profile", "--profile", "vgca", "--issuer", str(ca), "--issuer-by", "anchor"]
    wanted = ["--attribute", "O", "--attribute", "serialNumber"]
    by_profile = answer(gateway, capsys, "register", "G22", file, *profile, *wanted)["registration"][
        "profile"
    ]
    assert by_profile["issuer_sha256"] == fingerprint(root().certificate)
    assert [each["attribute"] for each in by_profile["subject"]] == ["O", "serialNumber"]
    assert call(gateway, "register", "G22", file, *profile, "--attribute", "UID") == 1
    assert "registry.registration_refused" in capsys.readouterr().err
    assert call(gateway, "list", "G22") == 0
    assert "serialNumber = G22" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ("register", "G22", "x.pem", "--by", "profile"),
        ("register", "G22", "x.pem", "--profile", "vgca"),
        ("register", "G22", "x.pem", "--attribute", "O"),
        ("register", "G22", "x.pem", "--by", "name"),
        ("suspend", "G22", NOBODY),
        ("calendar", "--days", "-1"),
    ],
    ids=lambda arguments: " ".join(arguments[-2:]),
)
def test_wrong_usage(gateway: Served, arguments: tuple[str, ...]) -> None:
    """What does not go together, or is missing."""
    assert call(gateway, *arguments) == 64


def test_nothing_registered(gateway: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An agency without registrations is said to have none, and a file that is no certificate is refused."""
    assert call(gateway, "list", "H26") == 0
    assert "nothing is registered" in capsys.readouterr().out
    (tmp_path / "x.pem").write_bytes(b"\x30\x00")
    assert call(gateway, "register", "H26", str(tmp_path / "x.pem")) == 1
    assert call(gateway, "register", "H26", str(tmp_path / "none.pem")) == 3


def test_a_calendar_of_hostile_names() -> None:
    """Lines are folded between characters, at 75 octets, and nothing in a name ends a line or a value."""
    name = "Ủy ban; nhân dân, tỉnh \\ Hà\r\nBEGIN:VEVENT" + "ế" * 60
    ending = {
        "code": "H26",
        "name": name,
        "registration": "0" * 36,
        "certificate_sha256": NOBODY,
        "ends": "2025-07-01T00:00:00.000Z",
    }
    written = icalendar({"at": "2025-06-01T00:00:00.000Z", "endings": [ending]})

    lines = written.split(b"\r\n")
    assert max(map(len, lines)) <= LINE
    assert [line.decode() for line in lines].count("BEGIN:VEVENT") == 1
    unfolded = written.replace(b"\r\n ", b"").decode()
    assert "Ủy ban\\; nhân dân\\, tỉnh \\\\ Hà\ufffd\ufffdBEGIN" in unfolded
    assert "DTSTART:20250701T000000Z\r\n" in unfolded


def test_checking_with_registrations(
    gateway: Served, evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the list prints makes `vanthu check` decide as the gateway would."""
    letter, anchors = evidence / "demo" / "letter.edxml", evidence / "trust"
    options = ["check", str(letter), "--registry", str(tmp_path / "co-quan.csv")]
    options += [part for each in sorted(anchors.glob("*.pem")) for part in ("--trust-anchor", str(each))]
    rows = "code,name,parent,kind\nH26,Hà Nội,,province\nH26.1,Văn phòng,H26,department\n"
    rows += "H60,Tuyên Quang,,province\nH60.1,Văn phòng,H60,department\nG22,VPCP,,central\n"
    (tmp_path / "co-quan.csv").write_text(rows)
    assert run(options) == 0
    a_certificate(tmp_path, "khac")
    made = answer(gateway, capsys, "register", "G22", str(tmp_path / "khac.pem"))["registration"]
    for code, expected in (("G22", 0), ("H26.1", 1)):
        file = tmp_path / f"{code}.json"
        file.write_text(json.dumps({"code": code, "registrations": [made]}))
        assert run([*options, "--certificates", str(file)]) == expected
    listed = tmp_path / "all.json"
    listed.write_text(json.dumps(answer(gateway, capsys, "list")))
    assert run([*options, "--certificates", str(listed)]) == 0
    for bad in ("", "[]", '{"agencies": [{}]}', '{"code": "X1", "registrations": []}'):
        listed.write_text(bad)
        assert run([*options, "--certificates", str(listed)]) == 3
    listed.write_text(json.dumps({"code": "G22", "registrations": [{**made, "id": "0" * 36}]}))
    assert run([*options, "--certificates", str(listed)]) == 3
    assert run(["check", str(letter), "--certificates", str(listed)]) == 64
