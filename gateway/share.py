"""What one of several workers is given by its parent (`gateway/supervisor.py`), which made it before the worker was there."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Final, Self

READY: Final = b"R"
"""What a worker tells its parent when it takes requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One worker's part: its number, the socket on which it listens, and the line to its parent.

    The line ends when the parent does, however that ends, so that no worker outlives it unnoticed.
    """

    number: int
    listener: socket.socket
    parent: socket.socket

    @classmethod
    def read(cls, text: str) -> Self:
        """Take over what the parent passed on: `number:descriptor:descriptor`.

        Raises:
            ValueError: the text has another form.
            OSError: the descriptors are no sockets.

        """
        number, listener, parent = map(int, text.split(":"))
        return cls(
            number=number,
            listener=socket.socket(fileno=listener),
            parent=socket.socket(fileno=parent),
        )

    def tell_ready(self) -> None:
        """Tell the parent that requests are taken; a parent that is gone is noticed elsewhere."""
        try:
            self.parent.send(READY)
        except OSError:
            return
