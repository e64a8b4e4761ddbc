"""The port for reading PDF files."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from certs.pdf_facts import PdfFacts


class PdfReader(Protocol):
    """Reads the signatures in a PDF, somewhere where it cannot do harm."""

    def read(self, path: Path) -> PdfFacts:
        """Return what the file at `path` holds; never raises for that. Blocks for seconds at most; any thread may call."""
