"""`vanthu verify --type tst`: time stamps on the command line, as the authority gives them and as attackers do."""

from __future__ import annotations

import base64
import hashlib
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import run
from gateway.cli.verifying import Request, examine
from tests.cli.world import ROOT, clean_environment, lines_wider_than
from tests.support import pki, tsa
from tests.support.crl import crl
from tests.support.tsa import Stamp
from tests.support.xades import stamped

TIME: Final = "2026-07-01T00:00:00Z"
TOKEN: Final = Stamp(accuracy=tsa.accuracy(1, 500)).token()
TSA: Final = tsa.identity()[0]

Verify = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the trust anchor, its list, the data, and other data."""
    made = tmp_path_factory.mktemp("stamps")
    (made / "root.pem").write_bytes(pki.root().certificate.public_bytes(Encoding.PEM))
    (made / "tsa.pem").write_bytes(TSA.public_bytes(Encoding.PEM))
    (made / "root.crl").write_bytes(crl(pki.root()))
    (made / "data").write_bytes(tsa.DATA)
    (made / "other").write_bytes(b"other")
    return made


@pytest.fixture
def verify(folder: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    """Return the command as a function of a file's content and more options; it returns exit and report."""

    def call(content: bytes, *options: str) -> tuple[int, dict[str, Any]]:
        (folder / "file").write_bytes(content)
        arguments = ["--trust-anchor", str(folder / "root.pem"), "--time", TIME, "--type", "tst"]
        code = run(["verify", str(folder / "file"), *arguments, *options, "--json", "-"])
        return code, json.loads(capsys.readouterr().out)

    return call


def _said(result: tuple[int, dict[str, Any]]) -> tuple[int, str, str | None, str | None]:
    code, report = result
    return code, report["indication"], report["sub_indication"], report["code"]


def test_with_its_data(verify: Verify, folder: Path) -> None:
    """A good token over the file passes, and the report tells what it says."""
    code, report = verify(TOKEN, "--data", str(folder / "data"), "--crl", str(folder / "root.crl"))

    assert (code, report["type"], report["scope"], report["findings"]) == (0, "tst", "FULL", [])
    assert (report["reason_vi"], report["reason_en"]) == (
        "Dấu thời gian hợp lệ.",
        "The time stamp is valid.",
    )
    certificate = TSA.fingerprint(tsa.HASHES[tsa.SHA256]).hex()
    assert report["timestamps"] == [
        {
            "gen_time": "2026-06-01T00:00:00Z",
            "accuracy": 1.5,
            "policy": tsa.POLICY,
            "serial": "1267",
            "imprint": {"algorithm": "sha256", "digest": hashlib.sha256(tsa.DATA).hexdigest()},
            "tsa": {"subject": "CN=TSA", "certificate_sha256": certificate},
            "indication": "TOTAL_PASSED",
            "sub_indication": None,
            "code": None,
            "reason_vi": "Dấu thời gian hợp lệ.",
            "reason_en": "The time stamp is valid.",
        }
    ]
    assert report["signer"]["certificate_sha256"] == certificate
    assert [(each["role"], bool(each["revocation"])) for each in report["chain"]] == [
        ("EE", True),
        ("ANCHOR", False),
    ]


def test_without_data(verify: Verify) -> None:
    """Without the data the token is judged alone, and the report says so."""
    code, report = verify(TOKEN)

    assert (code, report["scope"]) == (0, "NONE")
    assert [(each["code"], each["level"]) for each in report["findings"]] == [
        ("certs.timestamp_not_compared", "warning")
    ]


def test_over_other_data(verify: Verify, folder: Path) -> None:
    """A token that is not over the file fails, and its own time is still told."""
    result = verify(TOKEN, "--data", str(folder / "other"))

    assert _said(result) == (1, "TOTAL_FAILED", "HASH_FAILURE", "certs.timestamp_imprint")
    (told,) = result[1]["timestamps"]
    assert (told["gen_time"], told["code"]) == ("2026-06-01T00:00:00Z", "certs.timestamp_imprint")
    assert told["reason_vi"] == result[1]["reason_vi"]


def _pem(label: str, octets: bytes) -> bytes:
    text = base64.encodebytes(octets).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n".encode()


ENCODED = {
    "response": Stamp().response(),
    "pem": _pem("PKCS7", TOKEN),
    "pem response": _pem("TIME STAMP RESPONSE", Stamp().response()),
    "base64": base64.encodebytes(TOKEN),
    "base64 in one line": base64.b64encode(TOKEN),
}


@pytest.mark.parametrize("name", ENCODED)
def test_encodings(name: str, verify: Verify, folder: Path) -> None:
    """A token comes alone or in a response, in DER, PEM or Base64."""
    assert verify(ENCODED[name], "--data", str(folder / "data"))[0] == 0


EXITS = {
    "rejection": (tsa.seq(tsa.seq(tsa.integer(2))), (3, "NO_SIGNATURE_FOUND", None)),
    "waiting": (tsa.seq(tsa.seq(tsa.integer(3))), (3, "NO_SIGNATURE_FOUND", None)),
    "granted without a token": (tsa.seq(tsa.seq(tsa.integer(0))), (1, "TOTAL_FAILED", "FORMAT_FAILURE")),
    "text": (b"rubbish", (1, "TOTAL_FAILED", "FORMAT_FAILURE")),
    "nothing": (b"", (1, "TOTAL_FAILED", "FORMAT_FAILURE")),
    "truncated": (TOKEN[:-5], (1, "TOTAL_FAILED", "FORMAT_FAILURE")),
    "more behind it": (TOKEN + b"x", (1, "TOTAL_FAILED", "FORMAT_FAILURE")),
    "certificate": (TSA.public_bytes(Encoding.PEM), (1, "TOTAL_FAILED", "FORMAT_FAILURE")),
    "changed": (TOKEN.replace(b"20260601", b"20260501"), (1, "TOTAL_FAILED", "HASH_FAILURE")),
    "stranger": (
        Stamp(identity=(tsa.authority_certificate(pki.stranger()), pki.key())).token(),
        (2, "INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"),
    ),
    "SHA-1": (Stamp(imprint_oid=tsa.SHA1).token(), (2, "INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE")),
}


@pytest.mark.parametrize("name", EXITS)
def test_exits(name: str, verify: Verify) -> None:
    """Each kind of fault has its exit."""
    content, expected = EXITS[name]

    assert _said(verify(content))[:3] == expected


def test_certificate_from_the_command_line(verify: Verify, folder: Path) -> None:
    """A token without certificates is verified with the authority's from `--intermediate`."""
    bare = Stamp(certificates=()).token()

    assert _said(verify(bare))[2] == "NO_SIGNING_CERTIFICATE_FOUND"
    assert verify(bare, "--intermediate", str(folder / "tsa.pem"))[0] == 0


@pytest.mark.parametrize("kind", ["edxml", "xmldsig"])
def test_signature_with_a_time_stamp(kind: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The time stamp over a signature is in the report, and says which moment counted."""
    (folder / "signed").write_bytes(stamped(Stamp()))
    arguments = ["--trust-anchor", str(folder / "root.pem"), "--time", TIME, "--type", kind, "--json", "-"]
    assert run(["verify", str(folder / "signed"), *arguments]) == 0
    report = json.loads(capsys.readouterr().out)

    assert report["signature"]["form"] == "XADES-T"
    assert report["best_signature_time"] == {"t": "2026-06-01T00:00:00Z", "source": "TIMESTAMP"}
    assert [each["indication"] for each in report["timestamps"]] == ["TOTAL_PASSED"]


def test_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--json` the report says the time in words, and narrowly."""
    (folder / "token").write_bytes(TOKEN)
    arguments = ["--type", "tst", "--trust-anchor", str(folder / "root.pem"), "--time", TIME]
    assert run(["verify", str(folder / "token"), *arguments]) == 0
    good = capsys.readouterr().out
    assert run(["verify", str(folder / "data"), *arguments]) == 1
    bad = capsys.readouterr().out

    assert "DẤU THỜI GIAN HỢP LỆ" in good
    assert "01/06/2026 07:00" in good
    assert "DẤU THỜI GIAN KHÔNG HỢP LỆ" in bad
    assert lines_wider_than(100, good + bad) == []


def test_wrong_usage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--data` is for time stamps only, and must be readable."""
    (folder / "token").write_bytes(TOKEN)
    token, root = str(folder / "token"), ["--trust-anchor", str(folder / "root.pem")]
    assert run(["verify", token, "--type", "cert", "--data", token]) == 64
    assert run(["verify", token, "--type", "tst", "--registry", token]) == 64
    assert run(["verify", token, "--type", "tst", "--data", str(folder / "none"), *root, "--time", TIME]) == 3


HOSTILE: Final[dict[str, Callable[[], bytes]]] = {
    "nested": lambda: b"0\x80" * 500_000,
    "many small values": lambda: tsa.seq(b"\x05\0" * 500_000),
    "many certificates": lambda: Stamp(
        certificates=tuple(TSA.public_bytes(Encoding.DER) for _ in range(2000))
    ).token(),
    "a long number": lambda: Stamp(serial_number=2**7_000_000).token(),
    "long Base64": lambda: b"MIIB" * 250_000,
    "many PEM headers": lambda: b"-----BEGIN A-----\n" * 50_000,
    "zeros": lambda: bytes(1_000_000),
}


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (400 * 2**20, 400 * 2**20))
    resource.setrlimit(resource.RLIMIT_CPU, (2, 2))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file(name: str, folder: Path) -> None:
    """A file of up to 1 MB gets its verdict within tight limits of memory and time."""
    (folder / "hostile").write_bytes(HOSTILE[name]())
    arguments = ["verify", str(folder / "hostile"), "--type", "tst", "--time", TIME, "--json", "-"]
    result = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments, "--trust-anchor", str(folder / "root.pem")],
        cwd=ROOT,
        env=clean_environment(),
        preexec_fn=_limit,  # the child has no threads yet
        capture_output=True,
        check=False,
    )

    assert result.returncode == 1, result.stderr.decode()
    assert json.loads(result.stdout)["sub_indication"] == "FORMAT_FAILURE"


@given(content=st.binary(max_size=2000))
def test_any_octets_get_a_verdict(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever octets a file holds, nothing breaks."""
    file = tmp_path_factory.getbasetemp() / "octets"
    file.write_bytes(content)
    report = examine(Request(file=file, kind="tst", at=pki.AT))

    assert report.as_json()["code"] != "verify.broke"
    assert report.exit in {1, 2, 3}
