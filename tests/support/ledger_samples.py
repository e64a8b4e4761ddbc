"""Deliveries on their way, with entries that name them as the flow's do: what the ledger is tested with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.records import Acceptance, Accepted, Arrival, OutboxItem, ReceiptStep, SendOutcome, SendResult
from gateway.store import SqlStore
from routing.delivery import DeliveryState
from tests.support.store_samples import a_message, a_recipient, a_step, an_acceptance, an_arrival, new_id

HOUR = timedelta(hours=1)
CONFIRMED = SendOutcome(result=SendResult.CONFIRMED)


def a_promise(*codes: str) -> Acceptance:
    """Return an acceptance whose entry names its deliveries."""
    acceptance = an_acceptance(
        new_id().encode(), recipients=[a_recipient(code) for code in codes or ("H53.7",)]
    )
    routes = [{"code": each.code, "delivery": each.delivery_id} for each in acceptance.recipients]
    [event] = acceptance.events
    return replace(acceptance, events=(replace(event, fields={**event.fields, "routes": routes}),))


async def accept(store: SqlStore, *codes: str) -> Accepted:
    """Accept a document."""
    return await store.documents.accept(a_promise(*codes))


async def publish(store: SqlStore) -> tuple[OutboxItem, ...]:
    """Claim what is due and have it confirmed."""
    items = await store.documents.claim(limit=1000, lease=timedelta(seconds=60))
    await store.documents.settle([(item, CONFIRMED) for item in items], resend_after=HOUR)
    return items


def a_receipt(accepted: Accepted, state: DeliveryState, *, place: int = 0) -> ReceiptStep:
    """Return the receipt that moves one delivery of a document."""
    recipient = accepted.recipients[place]
    step = a_step(recipient, accepted.message.id, state)
    event = replace(step.event, fields={**step.event.fields, "delivery": recipient.delivery_id})
    return replace(step, event=event)


def a_visit(*, refusal: str | None = None) -> Arrival:
    """Return what comes from another gateway, with an entry that names it."""
    body = new_id().encode()
    message = a_message(body, gateway="gw-south")
    arrival = an_arrival(message, a_recipient(), body=body, refusal=refusal)
    [event] = arrival.events
    fields = {**event.fields, "delivery": arrival.recipient.delivery_id}
    return replace(arrival, events=(replace(event, fields=fields),))


async def everything(store: SqlStore) -> dict[str, Accepted]:
    """Bring one delivery to each state that a store can bring it to, and let something arrive."""
    answers = {}
    for name in ("received", "acknowledged", "refused"):
        answers[name] = await accept(store)
    answers["confirmed"] = await accept(store)
    await publish(store)
    for name in ("received", "acknowledged", "refused"):
        await store.documents.record_receipts([a_receipt(answers[name], DeliveryState(name))])
    answers["queued"] = await accept(store, "H53.7", "H57.4")
    await store.documents.arrive([a_visit(), a_visit(refusal="access.signer_not_bound")])
    return answers
