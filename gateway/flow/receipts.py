"""Receipts: the gateway signs what its own log says of a document, and nothing else.

There is no way in for bytes to be signed: a caller names a document, what is signed is read from the log's entries
(`routing.receipt_entry`), and only the three types of receipt are written.

Invariants: nothing is released that does not read back as what was to be said, through the reader that everybody has and under
the key that this gateway publishes; the same entry gets the same receipt for as long as the key is the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec
import structlog

from gateway.errors import GatewayError
from gateway.keys import SigningKey
from gateway.keys.errors import CannotSignError
from gateway.ports.log import LogRow
from gateway.records import Accepted, Json
from gateway.under_way import Notice
from routing.errors_log import StatementError
from routing.log import read_leaf
from routing.note import parse_verifier_key
from routing.receipt import AnyReceipt, open_receipt, sign_receipt
from routing.receipt_entry import receipt_of
from routing.statement import StatementType, open_statement, sign_statement

_log = structlog.get_logger()

_PROBE: Final = StatementType(name="readiness")
"""What is signed to see whether the key works: a type of its own, which says nothing."""


class Receipts:
    """Signs receipts from entries of the log `origin`, in the name of `gateway`."""

    def __init__(self, *, gateway: str, origin: str, key: SigningKey) -> None:
        self._gateway = gateway
        self._origin = origin
        self._key = key
        self._verifiers = (parse_verifier_key(key.verifier),)
        # A device answers one at a time; whoever waits for it must not take the threads that others need.
        self._device = (
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="receipt") if key.may_block else None
        )

    async def of_acceptance(self, accepted: Accepted) -> dict[str, Json]:
        """Return the receipt of an acceptance as it was stored.

        Raises:
            CannotSignError: the key does not sign now.

        """
        receipt = receipt_of(accepted.entry, gateway=self._gateway, origin=self._origin)
        if receipt is None:
            raise AssertionError("an acceptance is stored with its entry")
        [signed] = await self._signed([receipt])
        return signed

    async def of_history(self, rows: Sequence[LogRow]) -> list[dict[str, Json]]:
        """Return the receipts that a document's entries give rise to, in their order.

        Raises:
            CannotSignError: the key does not sign now.

        """
        return await self._signed(self._told(rows))

    async def of_notices(self, notices: Sequence[Notice]) -> list[dict[str, Json]]:
        """Return, for each notice, the receipt of the entry that says so.

        Raises:
            CannotSignError: the key does not sign now.

        """
        made = [
            receipt_of(each.entry, gateway=self._gateway, origin=self._origin, payload_sha256=each.sha256)
            for each in notices
        ]
        return await self._signed([receipt for receipt in made if receipt is not None])

    async def ready(self) -> None:
        """Sign something that is no receipt, to see whether the key works.

        Raises:
            CannotSignError: it does not.

        """
        await asyncio.get_running_loop().run_in_executor(self._device, self._try)

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._device is not None:
            self._device.shutdown(wait=False, cancel_futures=True)

    def _told(self, rows: Sequence[LogRow]) -> list[AnyReceipt]:
        """Make the receipts; what later entries leave out of the document's bytes, its first one says."""
        payloads = (read_leaf(row.leaf).fields.get("payload_sha256") for row in rows)
        payload = next((each for each in payloads if isinstance(each, str)), None)
        made = (
            receipt_of(row.leaf, gateway=self._gateway, origin=self._origin, payload_sha256=payload)
            for row in rows
        )
        return [receipt for receipt in made if receipt is not None]

    async def _signed(self, receipts: Sequence[AnyReceipt]) -> list[dict[str, Json]]:
        if self._device is None and len(receipts) == 1:
            # A tenth of a millisecond: handing it to a thread and back would cost as much.
            return [self._sign(receipt) for receipt in receipts]
        work = asyncio.get_running_loop().run_in_executor
        return await work(self._device, lambda: [self._sign(receipt) for receipt in receipts])

    def _try(self) -> None:
        try:
            signed = sign_statement(_PROBE, {}, key=self._key.private, key_name=self._key.name)
            open_statement(_PROBE, signed, self._verifiers)
        except (GatewayError, StatementError) as error:
            raise CannotSignError from error

    def _sign(self, receipt: AnyReceipt) -> dict[str, Json]:
        try:
            signed = sign_receipt(receipt, key=self._key.private, key_name=self._key.name)
        except GatewayError as error:
            _log.error("receipt_not_signed", code=error.code, reason=str(error))
            raise CannotSignError from error
        self._check(receipt, signed)
        return signed

    def _check(self, receipt: AnyReceipt, signed: dict[str, Json]) -> None:
        """Read the receipt back as its holder will, from the bytes that go out."""
        try:
            found = open_receipt(msgspec.json.decode(msgspec.json.encode(signed)), self._verifiers)
        except StatementError as error:
            _log.error("receipt_not_released", code=error.code, reason=str(error))
            raise CannotSignError from error
        if found != receipt:
            _log.error("receipt_not_released", reason="it reads back as something else")
            raise CannotSignError
