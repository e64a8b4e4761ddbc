"""The documents themselves: hashed again wherever they are kept, and read, so that rows can be held against them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.cli.audit.findings import Difference, differs, missing
from gateway.errors import PayloadDiffersError
from gateway.flow.summary import summary
from gateway.payloads_s3 import S3Payloads
from gateway.store import Audit
from schemas.document import Document
from schemas.errors import SchemaError, SchemaErrors
from schemas.parse import parse
from schemas.splice import open_file


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyFacts:
    """What a body is: how long, what it says of itself, and which codes it names as addressees.

    The last two are None if this version of the software cannot read it.
    """

    size: int
    summary: Mapping[str, object] | None = None
    addressees: frozenset[str] | None = None


class Bodies:
    """The bodies that are whole, by SHA-256; each is looked at once. `at` is the moment of the audit."""

    def __init__(self, payloads: Path | S3Payloads, *, at: datetime) -> None:
        self._payloads = payloads
        self._at = at
        self._found: dict[str, BodyFacts | None] = {}

    def facts(self, sha256: str) -> BodyFacts | None:
        """Return what is known of a body that was checked; None if it is damaged or not there."""
        return self._found.get(sha256)

    def check_rows(self, audit: Audit) -> Iterator[Difference]:
        """Hash every body that is kept in a row."""
        for sha256, body in audit.bodies():
            found = hashlib.sha256(body).hexdigest()
            if found == sha256:
                self._found[sha256] = self._read(body, size=len(body))
            else:
                self._found[sha256] = None
                yield differs(f"body[{sha256[:16]}…]", "body", logged=sha256, found=found)

    def check(self, sha256: str) -> Iterator[Difference]:
        """Find a body that is in no row in the payload folder, and hash it."""
        if sha256 in self._found:
            return
        self._found[sha256] = None
        where = f"payloads/{sha256[:2]}/{sha256[2:4]}/{sha256[:16]}…"
        try:
            path = self._path(sha256)
        except FileNotFoundError:
            is_elsewhere = isinstance(self._payloads, Path) and not self._payloads.is_dir()
            yield _no_folder(self._payloads, where) if is_elsewhere else missing(where)
            return
        except PayloadDiffersError:
            yield differs(where, "content", logged=sha256, found="")
            return
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found == sha256:
            self._found[sha256] = self._read(path, size=path.stat().st_size)
        else:
            yield differs(where, "content", logged=sha256, found=found)

    def _path(self, sha256: str) -> Path:
        if isinstance(self._payloads, S3Payloads):
            return self._payloads.path(sha256)
        path = self._payloads / sha256[:2] / sha256[2:4] / sha256
        if not path.is_file():
            raise FileNotFoundError(path)
        return path

    def _read(self, source: bytes | Path, *, size: int) -> BodyFacts:
        try:
            opened = open_file(source)
            message = parse(opened.tree, at=self._at, contents=opened.contents).message
        except (SchemaError, SchemaErrors):
            return BodyFacts(size=size)
        named = message.recipients if isinstance(message, Document) else (message.response_for,)
        addressees = frozenset(each.organ_id.strip() for each in named)
        return BodyFacts(size=size, summary=summary(message), addressees=addressees)


def _no_folder(folder: object, where: str) -> Difference:
    return Difference(
        code="evidence.no_payloads",
        where=where,
        vi=f"Không có thư mục {folder}: chưa kiểm tra được nội dung lớn.",
        en=f"There is no folder {folder}: bodies that are kept there could not be checked.",
        incomplete=True,
    )
