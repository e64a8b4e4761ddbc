"""Filters for the proxy that know AMQP's frames: confirms that get lost, acknowledgements that come twice.

A frame is type, channel, size, payload and an end octet (AMQP 0-9-1 §2.3.5); the payload of a method begins with the numbers
of class and method. Invariant: what comes out consists of whole frames; the header with which a client begins passes as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

_HEADER: Final = struct.Struct(">BHI")
_METHOD: Final = 1
_ACK: Final = struct.pack(">HH", 60, 80)
_GREETING: Final = b"AMQP"


class _Frames:
    """Cuts a stream into frames."""

    def __init__(self) -> None:
        self._kept = b""

    def __call__(self, piece: bytes) -> bytes:
        """Take a piece and return what takes its place, as far as frames are whole."""
        self._kept += piece
        return b"".join(self._pass(frame) for frame in self._whole())

    def _whole(self) -> Iterator[bytes]:
        while len(self._kept) >= _HEADER.size:
            if self._kept.startswith(_GREETING):
                size = 8
            else:
                _, _, length = _HEADER.unpack_from(self._kept)
                size = _HEADER.size + length + 1
            if len(self._kept) < size:
                return
            frame, self._kept = self._kept[:size], self._kept[size:]
            yield frame

    def _pass(self, frame: bytes) -> bytes:
        raise NotImplementedError


def is_ack(frame: bytes) -> bool:
    """Tell whether a frame is basic.ack: from the broker a confirm, from a consumer an acknowledgement."""
    return frame[0] == _METHOD and frame[_HEADER.size : _HEADER.size + len(_ACK)] == _ACK


class LoseAcks(_Frames):
    """Acknowledgements are lost, everything else passes."""

    def _pass(self, frame: bytes) -> bytes:
        return b"" if is_ack(frame) else frame


class DoubleAcks(_Frames):
    """Every acknowledgement comes twice."""

    def _pass(self, frame: bytes) -> bytes:
        return frame * 2 if is_ack(frame) else frame
