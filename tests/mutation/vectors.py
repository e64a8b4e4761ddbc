"""`python -m tests.mutation.vectors FOLDER`: all vectors of a folder in one process, without pytest, until one is wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gateway.cli.verifying import examine
from gateway.pdf_worker.client import PdfWorker
from tests.vectors.judging import differences, request_of


def main(folder: Path) -> int:
    """Judge until the first answer that is not the expected one."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    # Small files first: most mutants are found out by many.
    entries = sorted(manifest["vectors"], key=lambda entry: (folder / entry["file"]).stat().st_size)
    with PdfWorker() as worker:
        for entry in entries:
            report = examine(request_of(folder, entry), worker=worker).as_json()
            if differences(report, entry):
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
