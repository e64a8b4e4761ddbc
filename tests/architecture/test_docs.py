"""The documentation names only what exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
PATH = re.compile(r"`((?:gateway|schemas|certs|routing|tests|docs|docker|tools|benchmarks)/[\w./-]*)`")
SYMBOL = re.compile(r"`((?:gateway|schemas|certs|routing)/[\w/]+\.py):(\w+)`")
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#]+)")
TARGET = re.compile(r"`make ([a-z-]+)")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_paths_exist(page: Path) -> None:
    """Every path, link and make target that a page names is there, and every `file.py:symbol` is defined there."""
    text = (ROOT / page).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert [path for path in PATH.findall(text) if not (ROOT / path).exists()] == []
    assert [link for link in LINK.findall(text) if not ((ROOT / page).parent / link).exists()] == []
    assert [
        f"{path}:{name}"
        for path, name in SYMBOL.findall(text)
        if not re.search(
            rf"^\s*(?:async def|def|class) {name}\b|^{name}\b", (ROOT / path).read_text(), re.MULTILINE
        )
    ] == []
    assert [
        name for name in TARGET.findall(text) if not re.search(rf"^{name}:", makefile, re.MULTILINE)
    ] == []


def test_adr_index_has_no_gaps() -> None:
    """Decision records are numbered without gaps and all listed in the index."""
    records = sorted(path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md"))
    index = (ROOT / "docs/adr/README.md").read_text(encoding="utf-8")

    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))
    assert [name for name in records if f"({name})" not in index] == []
