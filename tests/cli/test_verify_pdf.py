"""`vanthu verify --type pdf`: the real command over signed PDF files, by both ways in; four exits and one report."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import issue
from gateway.cli import run
from gateway.cli.commands import app
from tests.cli.test_verify import FIELDS
from tests.cli.world import ROOT, clean_environment
from tests.support import cms_attacks, crl, pdf_attacks, pki, tsa
from tests.support.pdf import Signer, page, sign, update

TIME: Final = "2026-07-01T00:00:00Z"
SIGNATURE_FIELDS: Final = {
    *(
        "field",
        "indication",
        "sub_indication",
        "code",
        "reason_vi",
        "reason_en",
        "coverage",
        "changes",
        "scope",
    ),
    *("certifies", "signature", "claimed_time", "timestamped", "role", "signer", "chain"),
    *("best_signature_time", "timestamps"),
}

Result = tuple[int, dict[str, Any]]
Verify = Callable[..., Result]


def _person() -> pki.Identity:
    return issue(
        pki.root(),
        subject_common_name="Nguyễn Văn An",
        subject_serial_number="CCCD:001080012345",
        not_before=pki.AT - pki.YEAR,
        not_after=pki.AT + pki.YEAR,
    )


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    """Return the command as a function of a file's content, in this process."""
    (tmp_path / "root.pem").write_bytes(pki.root().certificate.public_bytes(Encoding.PEM))

    def call(content: bytes, *options: str) -> Result:
        file = tmp_path / "văn bản.pdf"
        file.write_bytes(content)
        fixed = ("--trust-anchor", str(tmp_path / "root.pem"), "--time", TIME, "--type", "pdf", "--json", "-")
        code = run(["verify", str(file), *fixed, *options])
        report = json.loads(capsys.readouterr().out)
        assert report.keys() == FIELDS
        assert all(each.keys() == SIGNATURE_FIELDS for each in report["signatures"] or ())
        return code, report

    return call


def test_pass(verify: Verify) -> None:
    """A signed PDF passes, and the report says whose it is and over what."""
    content = sign(page())
    code, report = verify(content)

    (signature,) = report["signatures"]
    assert (code, report["indication"], report["code"]) == (0, "TOTAL_PASSED", None)
    assert report["document_sha256"] == hashlib.sha256(content).hexdigest()
    assert (report["scope"], report["size"]) == ("FULL", len(content))
    assert report["signature"]["form"] == "PADES-B"
    assert report["signature"]["method"] == "ecdsa-sha256"
    assert report["signature"]["claimed_time"] == signature["claimed_time"] is not None
    assert report["signed_view_sha256"] is not None
    assert report["signer"]["subject_serial_number"] == pki.AGENCY_CODE
    assert [each["role"] for each in report["chain"]] == ["EE", "ANCHOR"]
    assert (signature["field"], signature["coverage"], signature["changes"]) == (
        "ChuKy1",
        "ENTIRE_FILE",
        "none",
    )
    assert (signature["role"], report["original_value"], report["signer"]["agency_code"]) == (
        None,
        None,
        None,
    )


def test_exits(verify: Verify) -> None:
    """Each indication has its exit, and the first finding is the reason."""
    signed = sign(page())
    cases = {
        1: (signed.replace(b"/MediaBox", b"/MediaBax"), "HASH_FAILURE", "certs.pdf_digest_mismatch"),
        2: (update(signed, pdf_attacks.annotation_added), "SIG_CONSTRAINTS_FAILURE", "certs.pdf_modified"),
        3: (page(), None, "certs.pdf_unsigned"),
    }
    for exit_code, (content, sub_indication, code) in cases.items():
        found, report = verify(content)
        assert (found, report["sub_indication"], report["code"]) == (exit_code, sub_indication, code)
        assert report["reason_vi"] == report["findings"][0]["vi"]
    assert verify(b"rubbish")[1]["sub_indication"] == "FORMAT_FAILURE"


def test_maze(verify: Verify) -> None:
    """A file of a megabyte that it would take long to get through is not decided."""
    code, report = verify(b"%PDF-1.7\n" + b"9" * 1_000_000 + b"\nstartxref\n9\n%%EOF")

    assert (code, report["sub_indication"], report["code"]) == (2, "TRY_LATER", "certs.pdf_undecided")
    assert [each["en"] for each in report["findings"]] == ["The PDF could not be examined: it took too long."]


def test_original(verify: Verify) -> None:
    """An original bears the signature of a person and that of the agency, in either order; one of them is not enough."""
    person, agency = Signer(_person()), Signer(pki.signer())
    both = sign(sign(page(), person, field="A"), agency, field="B")
    turned = sign(sign(page(), agency, field="A"), person, field="B")

    for content, roles in ((both, ["person", "agency"]), (turned, ["agency", "person"])):
        code, report = verify(content, "--binding", "subject.serialNumber")
        assert (code, report["original_value"]) == (0, True)
        assert [each["role"] for each in report["signatures"]] == roles
        assert report["signer"]["agency_code"] == pki.AGENCY_CODE
        assert report["signer"]["binding"] == "subject.serialNumber"
    for content in (
        sign(page(), person),
        sign(page(), agency),
        sign(sign(page(), person), person, field="B"),
    ):
        code, report = verify(content, "--binding", "subject.serialNumber")
        assert (code, report["original_value"]) == (0, False)
    changed = update(both, pdf_attacks.annotation_added)
    assert verify(changed, "--binding", "subject.serialNumber")[1]["original_value"] is False


def test_agency_of_a_list(verify: Verify, tmp_path: Path) -> None:
    """A list of agencies says whose certificate it is; a certificate of an agency that is not on it is a person's."""
    here, elsewhere = tmp_path / "here.csv", tmp_path / "elsewhere.csv"
    here.write_text("code,name,parent,kind,code_qcvn102\nG01,Bộ Công an,,central,000.00.00.G01\n")
    elsewhere.write_text("code,name,parent,kind,code_qcvn102\nG02,Bộ khác,,central,000.00.00.G02\n")

    found = verify(sign(page()), "--registry", str(here))[1]
    assert found["signatures"][0]["role"] == "agency"
    assert found["signer"]["agency_code"] == "G01"
    assert found["signer"]["binding"] == "registry:certificate-subject=000.00.00.G01"
    assert verify(sign(page()), "--registry", str(elsewhere))[1]["signatures"][0]["role"] == "person"


def test_revocation_is_told(verify: Verify, tmp_path: Path) -> None:
    """Lists count as they do elsewhere."""
    file = tmp_path / "list.crl"
    file.write_bytes(crl.crl(pki.root(), crl.revoked(pki.signer()[0])))

    code, report = verify(sign(page()), "--crl", str(file))
    assert (code, report["sub_indication"]) == (2, "REVOKED_NO_POE")
    assert report["signatures"][0]["chain"][0]["revocation"]["status"] == "revoked"


def test_both_ways_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The long way makes the same report; for people, it is shown in words."""
    (tmp_path / "file").write_bytes(sign(page()))
    (tmp_path / "root.pem").write_bytes(pki.root().certificate.public_bytes(Encoding.PEM))
    arguments = ["verify", str(tmp_path / "file"), "--trust-anchor", str(tmp_path / "root.pem")]
    arguments += ["--time", TIME, "--type", "pdf"]

    short = run([*arguments, "--json", "-"]), capsys.readouterr().out
    long = app(args=[*arguments, "--json", "-"], prog_name="vanthu", standalone_mode=False)
    assert (long, capsys.readouterr().out) == short
    assert run(arguments) == 0
    shown = capsys.readouterr().out
    assert "CHỮ KÝ HỢP LỆ" in shown
    assert "ChuKy1" in shown


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that cannot be read ends as with every verb, without a report."""
    assert run(["verify", str(tmp_path / "none"), "--type", "pdf", "--json", "-"]) == 3


def test_reader_stays_in_its_process(tmp_path: Path) -> None:
    """The command itself imports nothing of what reads PDF files."""
    (tmp_path / "file").write_bytes(sign(page()))
    script = (
        "import sys; from gateway.cli import run; "
        f"run(['verify', {str(tmp_path / 'file')!r}, '--type', 'pdf', '--json', {str(tmp_path / 'out')!r}]); "
        "print(*sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=clean_environment(),
        check=True,
        capture_output=True,
        text=True,
    )

    assert {"pyhanko", "asn1crypto", "aiohttp", "typer"} & set(result.stdout.split()) == set()
    assert json.loads((tmp_path / "out").read_text())["type"] == "pdf"


def test_time_stamp(verify: Verify) -> None:
    """A time stamp over a signature is told with it, and says when that existed."""
    stamped = cms_attacks.stamped_with(lambda value: tsa.Stamp(data=value).token())
    code, report = verify(sign(page(), Signer(pki.signer(), spoil=stamped)))

    (signature,) = report["signatures"]
    assert (code, signature["timestamped"]) == (0, True)
    assert signature["best_signature_time"] == {"t": "2026-06-01T00:00:00Z", "source": "TIMESTAMP"}
    assert report["best_signature_time"] == signature["best_signature_time"]
    assert [each["indication"] for each in signature["timestamps"]] == ["TOTAL_PASSED"]
    assert signature["signature"]["form"] == report["signature"]["form"] == "PADES-T"
