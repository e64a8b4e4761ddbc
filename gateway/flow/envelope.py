"""What travels on the axis: a signed manifest of about 1 KB and, when small, the document behind it.

Wire form: one line of canonical JSON (a statement signed with the sending gateway's axis key, `routing.statement`), a line feed,
and the document's bytes when they are at most `SMALL`. A bigger document stays in the shared payload store and is named by its
hash; where the store is not shared, its pieces come first, each behind a signed line of its own (docs/adr/0028). The broker is
trusted with nothing: a manifest, and every piece, is believed only under the key of a registered gateway.

A manifest states what only the sending gateway knows; whatever can be read from the document is read there again on arrival.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from gateway.errors import EnvelopeError
from gateway.flow.stated import SEGMENT_KIND, Inquiry, Receipt, Segment, Stated, milliseconds, read
from gateway.keys import SigningKey
from gateway.records import Json, Message, Recipient
from routing.canonical import canonical_json
from routing.errors_log import LogError
from routing.note import Verifier
from routing.statement import StatementType, open_statement, sign_statement

AXIS = StatementType(name="axis")


def seal_message(message: Message, recipient: Recipient, body: bytes | None, *, key: SigningKey) -> bytes:
    """Make the envelope of one delivery; `body` is the document when it travels inside."""
    facts: dict[str, Json] = {
        "kind": "message",
        "gateway": message.gateway,
        "message_id": message.id,
        "member_id": message.member_id,
        "delivery_id": recipient.delivery_id,
        "recipient_code": recipient.code,
        "sha256": message.sha256,
        "size": message.size,
        "accepted_at": milliseconds(message.accepted_at),
        "registry_version": message.registry_version,
    }
    if message.about is not None:
        facts["about"] = message.about
    if recipient.resolved_code is not None:
        facts["resolved_code"] = recipient.resolved_code
        facts["resolved_version"] = recipient.resolved_version or message.registry_version
    if recipient.chosen_at is not None:
        facts["chosen_at"] = milliseconds(recipient.chosen_at)
    if recipient.flow_seq is not None:
        facts["flow_seq"] = recipient.flow_seq
    return _seal(facts, body or b"", key=key)


def seal_receipt(receipt: Receipt, *, key: SigningKey) -> bytes:
    """Make the envelope of one receipt."""
    facts: dict[str, Json] = {
        "kind": "receipt",
        "gateway": receipt.gateway,
        "delivery_id": receipt.delivery_id,
        "message_id": receipt.message_id,
        "sha256": receipt.sha256,
        "stage": receipt.stage.value,
        "at": milliseconds(receipt.at),
    }
    if receipt.reason is not None:
        facts["reason"] = receipt.reason
    return _seal(facts, b"", key=key)


def seal_segment(segment: Segment, piece: bytes, *, key: SigningKey) -> bytes:
    """Make the envelope of one piece of a document."""
    facts: dict[str, Json] = {
        "kind": SEGMENT_KIND,
        "gateway": segment.gateway,
        "delivery_id": segment.delivery_id,
        "sha256": segment.sha256,
        "size": segment.size,
        "index": segment.index,
        "count": segment.count,
        "piece_sha256": segment.piece_sha256,
    }
    return _seal(facts, piece, key=key)


def seal_inquiry(inquiry: Inquiry, *, key: SigningKey) -> bytes:
    """Make the envelope of one question; asked again it is the same bytes."""
    facts: dict[str, Json] = {
        "kind": "inquiry",
        "gateway": inquiry.gateway,
        "delivery_id": inquiry.delivery_id,
        "message_id": inquiry.message_id,
    }
    return _seal(facts, b"", key=key)


def open_envelope(envelope: bytes, *, verifiers: Sequence[Verifier]) -> tuple[Stated, bytes]:
    """Return what a registered gateway vouches for, and the bytes that came inside (empty if none did).

    `verifiers` are the verifier keys of the registered gateways; a key is good only for statements of its own gateway.

    Raises:
        EnvelopeError: not an envelope, no registered gateway signed it, or it speaks for another gateway.

    """
    line, _, body = envelope.partition(b"\n")
    try:
        signed = open_statement(AXIS, json.loads(line), verifiers)
        stated = read(signed.facts)
    except LogError as error:
        raise EnvelopeError(reason=error.code) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EnvelopeError(reason=f"unreadable ({type(error).__name__})") from error
    if signed.signer.name != f"{stated.gateway}/axis":
        raise EnvelopeError(reason="signed with another gateway's key")
    return stated, body


def _seal(facts: Mapping[str, Json], body: bytes, *, key: SigningKey) -> bytes:
    statement = sign_statement(AXIS, facts, key=key.private, key_name=key.name)
    return canonical_json(statement) + b"\n" + body
