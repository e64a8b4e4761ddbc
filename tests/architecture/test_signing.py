"""Keys are used in few places, and never for bytes that come from a caller."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "routing")
ALLOWED = {
    # What signs octets: a statement under the line of its type, a note, and the two kinds of keys.
    "sign": {"routing/statement.py", "routing/note.py", "gateway/keys/token.py"},
    # Who writes statements: receipts, envelopes between gateways, the registry, the test whether a key works,
    # and officers at their desks.
    "sign_statement": {
        "routing/receipt.py",
        "routing/snapshot.py",
        "routing/change_approval.py",
        "gateway/demo/consumer.py",
        "gateway/flow/envelope.py",
        "gateway/flow/receipts.py",
    },
    # Who signs the registry: one class, what is in force.
    "sign_header": {"gateway/distribution/snapshots.py"},
    # Who signs receipts: one class, from log entries.
    "sign_receipt": {"gateway/flow/receipts.py"},
    "sign_note": {"routing/checkpoint.py"},
    "sign_checkpoint": {"gateway/store/log.py"},
}


def _calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr
            elif isinstance(node.func, ast.Name):
                yield node.func.id


def test_nobody_else_signs() -> None:
    """Each way to sign is called where it should be, and nowhere else."""
    found: dict[str, set[str]] = {name: set() for name in ALLOWED}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for name in set(_calls(path)) & ALLOWED.keys():
                found[name].add(str(path.relative_to(ROOT)))

    assert found == ALLOWED
