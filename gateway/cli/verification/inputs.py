"""What a verification relies on, from the files that its command line names.

Invariants: an anchor comes from `--trust-anchor` only; a certificate from `--intermediate` is a building block even if it signed
itself; what cannot be used is an error, never left out in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from certs.errors import BadTrustBundleError, TrustError
from certs.trust import Trust
from certs.xmldsig import load_certificates
from gateway.cli.verification.encodings import split_certificates

MAX_IN_MEMORY: Final = 1 << 24
"""Octets up to which a file is read once; the parts of a larger one are read where they are needed."""


def load_trust(anchor_files: Sequence[Path], intermediate_files: Sequence[Path]) -> Trust:
    """Load anchors and intermediates.

    Raises:
        BadTrustBundleError: a file holds something else.
        OSError: a file cannot be read.

    """
    anchors = Trust.from_pem(*(path.read_bytes() for path in anchor_files))
    broken: list[TrustError] = []
    ders = [der for path in intermediate_files for der in _ders(path)]
    intermediates = load_certificates(dict.fromkeys(ders), errors=broken)
    if broken:
        raise BadTrustBundleError(reason="an intermediate certificate cannot be read")
    return Trust(anchors=anchors.anchors, intermediates=(*anchors.intermediates, *intermediates))


def _ders(path: Path) -> tuple[bytes, ...]:
    ders = split_certificates(path.read_bytes())
    if not ders:
        raise BadTrustBundleError(reason=f"there is no certificate in {path.name}")
    return ders


def load_source(path: Path) -> bytes | Path:
    """Return the content of a file or, if it is large, the path from which it will be read in pieces.

    Raises:
        OSError: the file cannot be read.

    """
    with path.open("rb") as file:
        content = file.read(MAX_IN_MEMORY + 1)
    return content if len(content) <= MAX_IN_MEMORY else path
