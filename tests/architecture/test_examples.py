"""Examples in the documentation run, in order, as one program would run them."""

import re
from pathlib import Path

import pytest

from tests.support.documents import edxml

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_library_works_as_its_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The examples read, refuse, extract, write, validate and follow a document."""
    monkeypatch.chdir(tmp_path)
    Path("van-ban.edxml").write_bytes(edxml())
    names: dict[str, object] = {}
    for example in EXAMPLE.findall((ROOT / "docs" / "edxml-library.md").read_text(encoding="utf-8")):
        exec(compile(example, "docs/edxml-library.md", "exec"), names)  # noqa: S102 - our own page
    told = capsys.readouterr().out
    for expected in (
        "7816 VPCP-TTĐT",
        "application/pdf",
        "schema.malformed_agency_code",
        "QĐ 20/2020",
        "03 False ['advanced', 'advanced', 'late']",
    ):
        assert expected in told
    assert Path("7816-vpcp-ttdt.pdf").read_bytes().startswith(b"%PDF-")
    assert Path("tra-loi.edxml").stat().st_size
