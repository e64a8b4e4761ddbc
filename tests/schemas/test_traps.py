"""Every trap met in files of others, as a file of our own: handled where it can be, refused with a reason where not."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.codelists import BUSINESS_TYPES, STATUS_CODES
from schemas.document import Document, StatusMessage
from schemas.errors import SchemaError, SchemaErrors
from schemas.parse import parse
from schemas.xml_parser import parse_tree
from tests.support.documents import AT
from tests.vectors.build_traps import FOLDER, TRAPS, build
from tests.vectors.trap import value_at

INDEX: list[dict[str, Any]] = json.loads((FOLDER / "traps" / "index.json").read_text(encoding="utf-8"))
MESSAGES = sorted((FOLDER / "messages").iterdir())


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_each_trap_gets_its_verdict(entry: dict[str, Any]) -> None:
    """The file is accepted with just these warnings and values, or refused with just this code and a reason."""
    path = FOLDER / "traps" / entry["file"]
    if entry["outcome"] == "refused":
        finding = _refusal(path)
        assert finding.code == entry["code"]
        assert all(text.format(**finding.facts) for text in (finding.vi, finding.fix_vi, finding.fix_en))
        return
    parsed = parse(parse_tree(path), at=AT)
    assert [finding.code for finding in parsed.warnings] == entry["warnings"]
    assert {name: value_at(parsed.message, name) for name in entry["reads"]} == entry["reads"]


def _refusal(path: Path) -> SchemaError:
    """Give the only finding that refuses a file."""
    with pytest.raises((SchemaError, SchemaErrors)) as caught:
        parse(parse_tree(path), at=AT)
    if isinstance(caught.value, SchemaErrors):
        (finding,) = caught.value.errors
        return finding
    assert isinstance(caught.value, SchemaError)
    return caught.value


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_each_good_message_is_read_without_a_remark(path: Path) -> None:
    """One file for each kind of business and each status."""
    assert parse(parse_tree(path), at=AT).warnings == ()


def test_the_good_messages_are_all_there_are() -> None:
    """No kind of business and no status is without its file."""
    found = [parse(parse_tree(path), at=AT).message for path in MESSAGES]
    assert sorted(m.business_type for m in found if isinstance(m, Document)) == list(BUSINESS_TYPES)
    assert sorted(m.status_code for m in found if isinstance(m, StatusMessage)) == list(STATUS_CODES)


def test_the_vectors_are_what_the_script_writes(tmp_path: Path) -> None:
    """Nothing was changed by hand, and nothing is left over from a trap that is gone."""
    build(tmp_path)
    for folder in ("traps", "messages"):
        kept = {path.name: path.read_bytes() for path in (FOLDER / folder).iterdir()}
        assert kept == {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
    assert len({trap.name for trap in TRAPS}) == len(TRAPS) == len(INDEX)
