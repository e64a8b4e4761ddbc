"""Receipts for whoever has a part in a document, and for everyone the keys under which to check them.

What is signed is what the log says of the document at that moment; a caller cannot choose it.
"""

from __future__ import annotations

from aiohttp import web

from gateway.api import wire
from gateway.api.context import Context, note
from gateway.api.documents import visible
from gateway.errors import NotFoundError
from gateway.flow.access import Caller
from gateway.records import Json
from routing.log import Kind


async def get_receipt(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Sign the receipt of the acceptance, the same that the sender got with 201."""
    message, timeline = await visible(request, context, caller, to_auditors=True)
    rows = [row for row, entry in timeline if entry.kind is Kind.ACCEPTED]
    if not rows:
        raise NotFoundError(what=f"receipt “{message.id}”")
    note(request, id=message.id)
    [signed] = await context.receipts.of_history(rows)
    return wire.answer(signed)


async def get_receipts(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Sign every receipt that the document's history gives rise to so far, in its order."""
    message, timeline = await visible(request, context, caller, to_auditors=True)
    note(request, id=message.id)
    signed = await context.receipts.of_history([row for row, _ in timeline])
    return wire.answer({"document_id": message.id, "receipts": signed})


async def get_keys(_request: web.Request, context: Context) -> web.StreamResponse:
    """List the verifier keys of this gateway: for receipts all that ever were, and those of log, axis and registry."""
    keys: list[dict[str, Json]] = [
        {
            "purpose": "receipt",
            "verifier_key": each.verifier_key,
            "valid_from": wire.moment(each.valid_from),
            "valid_until": wire.moment(each.valid_until),
        }
        for each in await context.store.receipt_keys.published()
    ]
    others = (
        ("log", context.keys.log),
        ("axis", context.keys.axis),
        ("registry", context.keys.registry),
    )
    for purpose, key in others:
        keys.append(
            {"purpose": purpose, "verifier_key": key.verifier, "valid_from": None, "valid_until": None}
        )
    return wire.answer({"gateway": context.settings.name, "keys": keys})
