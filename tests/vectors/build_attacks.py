"""Write every vector about signatures: `python -m tests.vectors.build_attacks FOLDER`.

FOLDER gets `manifest.json` and three folders: `files` to be judged, `pki` with anchors, intermediates and revocation lists, and
`data` with what time stamps are over.
Keys, and so all files, are new each time; which files there are and what must be answered is not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.vectors.attacks import (
    agencies,
    algorithms,
    cms_objects,
    constraints,
    contents,
    good,
    keys,
    other_xml,
    parsing,
    parts,
    pdf_files,
    properties,
    references,
    timestamps,
    validity,
    wrapping,
    writing,
)
from tests.vectors.attacks.vector import Vector

SOURCES: Final = (
    good,
    wrapping,
    writing,
    other_xml,
    parsing,
    parts,
    properties,
    references,
    algorithms,
    keys,
    validity,
    constraints,
    agencies,
    contents,
    pdf_files,
    cms_objects,
    timestamps,
)


def vectors() -> tuple[Vector, ...]:
    """Name every vector; nothing is made yet."""
    found = tuple(vector for source in SOURCES for vector in source.vectors())
    names = [vector.path.lower() for vector in found]
    assert len(set(names)) == len(names), [name for name in names if names.count(name) > 1]
    return found


def build(folder: Path, chosen: Iterable[Vector]) -> None:
    """Make vectors and write them into a folder."""
    (folder / "files").mkdir(parents=True, exist_ok=True)
    for name in ("pki", "data"):
        (folder / name).mkdir(exist_ok=True)
    entries = []
    for vector in chosen:
        (folder / vector.path).write_bytes(vector.file())
        for material in vector.materials:
            path = folder / material.path
            if not path.exists():
                path.write_bytes(material.make())
        entries.append(vector.entry())
    text = json.dumps({"v": 1, "vectors": entries}, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]), vectors())
