"""The AsyncAPI document of the axis: well-formed, served, and what the code really declares, sends and signs."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from aio_pika import DeliveryMode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft7Validator, ValidationError
from jsonschema.protocols import Validator

from gateway.axis import amqp_topology
from gateway.axis.amqp_topology import CANARY
from gateway.flow.envelope import seal_inquiry, seal_message, seal_receipt, seal_segment
from gateway.flow.stated import Inquiry, Receipt, Segment, Stage
from gateway.keys import SigningKey
from gateway.pieces import SEGMENT
from gateway.records import Message, MessageKind, Recipient
from gateway.settings import Settings
from tests.api.world import World

AT = datetime(2025, 6, 30, 12, 0, tzinfo=UTC)
KEY = SigningKey(name="gw.north/axis", private=Ed25519PrivateKey.generate())
MESSAGE = Message(
    id="m-1",
    kind=MessageKind.STATUS,
    gateway="gw.north",
    member_id="hanoi",
    sender_code="H26.1",
    sender_as_sent="H26.1",
    document_id="H26.1,1",
    number="",
    subject="",
    sha256="a" * 64,
    size=5,
    accepted_at=AT,
    registry_version=3,
    verdict={},
)
RECIPIENT = Recipient(delivery_id="d-1", code="H60.1", as_sent="H60.1", member_id="tuyenquang", queue="q")
RECEIPT = Receipt(
    gateway="gw.north",
    delivery_id="d-1",
    message_id="m-1",
    sha256="a" * 64,
    stage=Stage.RECEIVED,
    reason=None,
    at=AT,
)


@cache
def document() -> dict[str, Any]:
    """Read the document as it is served."""
    loaded: dict[str, Any] = yaml.safe_load(files("gateway.api").joinpath("asyncapi.yaml").read_bytes())
    return loaded


@cache
def asyncapi() -> Validator:
    """Return the schema of AsyncAPI itself."""
    path = Path(__file__).parent / "asyncapi" / "3.0.0.json"
    return Draft7Validator(json.loads(path.read_text(encoding="utf-8")))


def binding(channel: str) -> dict[str, Any]:
    """Return the AMQP binding of a channel."""
    found: dict[str, Any] = document()["channels"][channel]["bindings"]["amqp"]
    return found


def first_line(envelope: bytes) -> dict[str, Any]:
    """Read the signed line of an envelope."""
    line: dict[str, Any] = json.loads(envelope.partition(b"\n")[0])
    return line


def schema(name: str) -> Validator:
    """Return a schema of the document, with those that it refers to."""
    return Draft7Validator({"$ref": f"#/components/schemas/{name}", "components": document()["components"]})


def test_it_is_an_asyncapi_document() -> None:
    """It meets the schema of AsyncAPI 3.0, which a spoilt copy does not."""
    asyncapi().validate(document())
    spoilt = deepcopy(document())
    spoilt["channels"]["queue"]["bindings"]["amqp"]["queue"]["durable"] = "yes"

    with pytest.raises(ValidationError):
        asyncapi().validate(spoilt)


@pytest.mark.asyncio(loop_scope="session")
async def test_it_is_served(gateway: World) -> None:
    """The gateway serves the document that the tests read, to everybody."""
    answer = await gateway.call("GET", "/asyncapi.yaml", token=None)

    assert answer.headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(answer.body) == document()


def test_exchanges_and_queues_are_those_that_are_declared() -> None:
    """Names and arguments are the code's."""
    assert binding("axis")["exchange"]["name"] == amqp_topology.EXCHANGE
    assert binding("queue")["queue"]["name"] == "{queue}"
    assert binding("queue")["x-arguments"] == amqp_topology.arguments("{queue}")
    assert binding("dead")["queue"]["name"] == "{queue}" + amqp_topology.DEAD_SUFFIX
    assert document()["channels"]["dead"]["address"] == "{queue}" + amqp_topology.DEAD_SUFFIX
    assert binding("dead")["x-arguments"] == amqp_topology.DEAD_ARGUMENTS
    assert binding("dead")["x-bound-to"]["exchange"] == amqp_topology.DEAD_EXCHANGE
    assert str(amqp_topology.MAX_NAME) in document()["components"]["parameters"]["queue"]["description"]


def test_what_is_said_of_sending() -> None:
    """Messages are persistent and mandatory; canaries are told by their type; new queues wait as long as is said."""
    sent = document()["operations"]["send"]["bindings"]["amqp"]

    assert sent["deliveryMode"] == DeliveryMode.PERSISTENT
    assert sent["mandatory"] is True
    assert document()["components"]["messages"]["canary"]["bindings"]["amqp"]["messageType"] == CANARY
    assert Settings().axis_queue_age == 10
    assert "ten\nseconds old" in document()["channels"]["queue"]["description"]


@pytest.mark.parametrize("body", [None, b"<edXML/>"])
def test_manifest_is_as_described(body: bytes | None) -> None:
    """A manifest with everything in it meets the schema, and so does one with nothing that may be missing."""
    full = first_line(
        seal_message(
            replace(MESSAGE, about="m-0"),
            replace(RECIPIENT, resolved_code="H61", resolved_version=4, chosen_at=AT, flow_seq=7),
            body,
            key=KEY,
        )
    )
    least = first_line(seal_message(MESSAGE, RECIPIENT, body, key=KEY))
    described = document()["components"]["schemas"]["Manifest"]

    schema("SignedManifest").validate(full)
    schema("SignedManifest").validate(least)
    assert set(full["axis"]) == set(described["properties"])
    assert set(least["axis"]) == set(described["required"])


def test_receipt_is_as_described() -> None:
    """The same of a receipt, at every stage."""
    full = first_line(
        seal_receipt(replace(RECEIPT, stage=Stage.REFUSED, reason="registry.code_closed"), key=KEY)
    )
    least = first_line(seal_receipt(RECEIPT, key=KEY))
    described = document()["components"]["schemas"]["Receipt"]

    schema("SignedReceipt").validate(full)
    schema("SignedReceipt").validate(least)
    assert set(full["axis"]) == set(described["properties"])
    assert set(least["axis"]) == set(described["required"])
    assert set(described["properties"]["stage"]["enum"]) == set(Stage)


def test_segment_is_as_described() -> None:
    """The same of the header of a piece; pieces are as long as is said."""
    segment = Segment(
        gateway="gw.north",
        delivery_id="d-1",
        sha256="a" * 64,
        size=3 * SEGMENT,
        index=0,
        count=3,
        piece_sha256="b" * 64,
    )
    line = first_line(seal_segment(segment, b"piece", key=KEY))
    described = document()["components"]["schemas"]["Segment"]

    schema("SignedSegment").validate(line)
    assert set(line["axis"]) == set(described["properties"]) == set(described["required"])
    assert f"{SEGMENT // 1024} KiB" in document()["components"]["messages"]["segment"]["summary"]


def test_inquiry_is_as_described() -> None:
    """The same of a question."""
    line = first_line(seal_inquiry(Inquiry(gateway="gw.north", delivery_id="d-1", message_id="m-1"), key=KEY))
    described = document()["components"]["schemas"]["Inquiry"]

    schema("SignedInquiry").validate(line)
    assert set(line["axis"]) == set(described["properties"]) == set(described["required"])


@pytest.mark.parametrize("member", ["axis", "key", "signature"])
def test_schema_of_the_manifest_refuses(member: str) -> None:
    """A line without one of its three members is none."""
    line = first_line(seal_message(MESSAGE, RECIPIENT, None, key=KEY))
    del line[member]

    assert not schema("SignedManifest").is_valid(line)
