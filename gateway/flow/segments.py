"""Segments: cutting a document for a gateway that does not share the payload store, and checking what such a gateway sent.

A piece is taken for what its signed header says only after everything in that header was checked against the rest: how a document
is cut follows from its size, and the piece must have the hash and the length that follow. Nothing here touches a disk but `cut`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.errors import EnvelopeError, PayloadDiffersError
from gateway.flow.envelope import open_envelope, seal_segment
from gateway.flow.stated import SEGMENT_KIND, Segment
from gateway.keys import SigningKey
from gateway.pieces import SEGMENT, Piece, Whole, length_of
from gateway.records import OutboxItem
from routing.note import Verifier

_SIGN: Final = f'"kind":"{SEGMENT_KIND}"'.encode()
_MAX_HEADER: Final = 4096


def cut(item: OutboxItem, path: Path, *, key: SigningKey) -> Iterator[bytes]:
    """Yield the sealed pieces of a delivery's document, reading no more of it than the next one.

    Raises:
        OSError: the file cannot be read.
        PayloadDiffersError: the file is not as long as the document.

    """
    if item.message is None:
        raise AssertionError("only documents are cut")
    message = item.message
    whole = Whole(gateway=message.gateway, sha256=message.sha256, size=message.size)
    with path.open("rb") as file:
        for index in range(whole.count):
            piece = file.read(SEGMENT)
            if len(piece) != length_of(whole.size, index):
                raise PayloadDiffersError(sha256=whole.sha256)
            segment = Segment(
                gateway=whole.gateway,
                delivery_id=item.id,
                sha256=whole.sha256,
                size=whole.size,
                index=index,
                count=whole.count,
                piece_sha256=hashlib.sha256(piece).hexdigest(),
            )
            yield seal_segment(segment, piece, key=key)


def is_segment(envelope: bytes) -> bool:
    """Say whether an envelope claims to be a piece, in the one spelling that gateways write."""
    end = envelope.find(b"\n", 0, _MAX_HEADER)
    return end > 0 and envelope.find(_SIGN, 0, end) > 0


def open_segment(envelope: bytes, *, verifiers: Sequence[Verifier]) -> tuple[Whole, Piece]:
    """Return a piece that a registered gateway vouches for, and of what it is one.

    Raises:
        EnvelopeError: nobody vouches for it, or its header contradicts itself.
        PayloadDiffersError: the bytes are not those of the header.

    """
    segment, content = open_envelope(envelope, verifiers=verifiers)
    if not isinstance(segment, Segment):
        raise EnvelopeError(reason="not a segment")
    whole = Whole(gateway=segment.gateway, sha256=segment.sha256, size=segment.size)
    if segment.count != whole.count or segment.index >= whole.count:
        raise EnvelopeError(reason="a segment that is no part of a document of this size")
    if len(content) != length_of(whole.size, segment.index):
        raise EnvelopeError(reason="a segment of another length than its place asks for")
    if hashlib.sha256(content).hexdigest() != segment.piece_sha256:
        raise PayloadDiffersError(sha256=whole.sha256)
    return whole, Piece(index=segment.index, content=content)
