"""The filters find acknowledgements in any stream of frames, however it is cut, and leave the rest alone."""

from __future__ import annotations

import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands, frame, header

from tests.faults.frames import DoubleAcks, LoseAcks, is_ack

ACK = frame.marshal(commands.Basic.Ack(delivery_tag=7, multiple=True), 3)
NACK = frame.marshal(commands.Basic.Nack(delivery_tag=7), 3)
GREETING = b"AMQP\x00\x00\x09\x01"
BODY = struct.pack(">BHI", 3, 3, 4) + b"\x00\x3c\x00\x50" + b"\xce"
"""A body whose content looks like the numbers of an acknowledgement."""

OTHERS = (NACK, BODY, frame.marshal(header.ProtocolHeader(), 0), frame.marshal(commands.Channel.Open(), 1))


def test_only_acknowledgements_are_found() -> None:
    """A body is not taken for a method, whatever is in it."""
    assert is_ack(ACK)
    assert not any(is_ack(each) for each in OTHERS)


@given(frames=st.lists(st.sampled_from((ACK, *OTHERS))), cuts=st.lists(st.integers(0, 200)))
def test_streams_of_frames(frames: list[bytes], cuts: list[int]) -> None:
    """Acknowledgements are lost or doubled, and nothing else changes, wherever the stream is cut into pieces."""
    stream = GREETING + b"".join(frames)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[start:end] for start, end in pairwise(edges)]
    lose, double = LoseAcks(), DoubleAcks()

    assert b"".join(map(lose, pieces)) == GREETING + b"".join(each for each in frames if each != ACK)
    assert b"".join(map(double, pieces)) == GREETING + b"".join(
        each * 2 if each == ACK else each for each in frames
    )
