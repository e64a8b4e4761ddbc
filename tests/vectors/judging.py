"""How a line of the manifest becomes a question to `vanthu verify`, and how its report is held against the line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.cli.verifying import Request


def request_of(folder: Path, entry: dict[str, Any]) -> Request:
    """Return what the command line would ask for."""
    return Request(
        file=folder / entry["file"],
        kind=entry["type"],
        anchors=tuple(folder / name for name in entry["anchors"]),
        intermediates=tuple(folder / name for name in entry["intermediates"]),
        lists=tuple(folder / name for name in entry["crl"]),
        data=folder / entry["data"] if entry["data"] else None,
        at=datetime.fromisoformat(entry["time"]),
        by_subject=entry["binding"] is not None,
    )


def differences(report: dict[str, Any], entry: dict[str, Any]) -> list[str]:
    """Return in what a report differs from what is expected; a code that is not expected in particular may be any."""
    expected = entry["expected"]
    names = ["indication", "sub_indication", *(["code"] if expected["code"] else [])]
    found = [
        f"{name}: {report[name]}, not {expected[name]}" for name in names if report[name] != expected[name]
    ]
    if (report["indication"] == "TOTAL_PASSED") != (report["code"] is None):
        found.append(f"code: {report['code']} with {report['indication']}")
    return found
