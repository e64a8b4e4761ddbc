"""Bugs that are planted on purpose, into a gateway process of a test and nowhere else: the checker has to catch each of them.

A checker that never found anything proves nothing. Each bug is one that gateways of this kind have had, put in at run time by
`tests.faults.process`; the product has no switch for any of them. What a bug replaces must exist, or planting fails:
a bug that was not planted would not be caught either.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from gateway import payloads
from gateway.flow import shipping
from gateway.records import AxisMessage
from gateway.store import database, writer
from gateway.store.acceptance import Acceptances
from gateway.store.dialects import transaction_time

_BEFORE_COMMIT: Final = 0.05
"""Seconds between an answer and the commit that it speaks of; a busy disk takes as long."""


def _replace(owner: Any, name: str, value: object) -> None:
    """Put something in the place of what is there.

    Raises:
        AttributeError: nothing of this name is there.

    """
    getattr(owner, name)
    setattr(owner, name, value)


def no_fsync() -> None:
    """Bodies over 16 KiB are written and renamed, but nobody waits until they are on the disk."""

    def written(_path: Path) -> None:
        return None

    _replace(payloads, "_sync", written)


def acknowledge_before_commit() -> None:
    """Callers hear that their document is accepted, and then it is committed."""

    def transact(self: Any, batch: Sequence[Any]) -> Sequence[Any]:
        with self._engine.connect() as connection:
            transaction = connection.begin()
            now = transaction_time(connection, self._clock)
            self._reckoned.tell(now)
            outcomes = writer._perform(connection, now, batch)
            if any(isinstance(getattr(job.operation, "__self__", None), Acceptances) for job in batch):
                writer._deliver(batch, outcomes)
                time.sleep(_BEFORE_COMMIT)
            transaction.commit()
        return outcomes

    _replace(writer.Writer, "_transact", transact)


def reuse_message_ids() -> None:
    """Let every attempt to send an envelope go by the same AMQP message id."""

    def named(*, id: str, queue: str, body: bytes) -> AxisMessage:  # noqa: A002 - the field's name
        del id
        return AxisMessage(id=hashlib.sha256(body).hexdigest(), queue=queue, body=body)

    _replace(shipping, "AxisMessage", named)


def synchronous_normal() -> None:
    """SQLite does not wait for the disk at each commit; it is told so in many a guide to more speed."""
    pragmas = [each.replace("synchronous=FULL", "synchronous=NORMAL") for each in database._SQLITE_WRITER]
    if pragmas == list(database._SQLITE_WRITER):
        raise AssertionError("there is nothing to replace")
    _replace(database, "_SQLITE_WRITER", tuple(pragmas))
    _replace(database, "_require_durable", lambda _connection: None)


BUGS: Final[dict[str, Callable[[], None]]] = {
    "no-fsync": no_fsync,
    "ack-before-commit": acknowledge_before_commit,
    "reused-message-id": reuse_message_ids,
    "synchronous-normal": synchronous_normal,
}
