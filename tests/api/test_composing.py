"""Composing over HTTP: a form becomes an unsigned edXML file, which its caller signs and sends; nothing stays behind."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import AsyncIterator
from typing import Any, Final

import pybase64
import pytest
import pytest_asyncio
from aiohttp import hdrs

from gateway.api.bodies import BODIES
from gateway.api.context import Pace
from gateway.api.forms import METADATA_SIZE
from schemas.attachments import read_content
from schemas.document import Document, StatusMessage
from schemas.parse import Parsed, parse
from schemas.splice import open_file
from tests.api.raw import connected, request
from tests.api.world import NOW, Answer, World, identity, signed, world
from tests.support.documents import PDF

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMPOSE: Final = "/v1/documents:compose"
BOUNDARY: Final = "ranh-gioi"
LETTER: Final[dict[str, Any]] = {
    "subject": "V/v số liệu",
    "promulgation_date": "2025-07-01",
    "code": {"number": "12", "notation": "QĐ-UBND"},
    "document_type": {"type_name": "Quyết định"},
    "signer": {"full_name": "Nguyễn Văn An"},
    "sender": {"organ_id": "H26"},
    "recipients": [{"organ_id": "H53"}],
}


def _part(headers: str, content: bytes) -> bytes:
    return f"--{BOUNDARY}\r\n{headers}\r\n\r\n".encode() + content + b"\r\n"


def _metadata(facts: Any, media_type: str = "application/json") -> bytes:
    text = facts if isinstance(facts, bytes) else json.dumps(facts).encode()
    return _part(f'Content-Disposition: form-data; name="metadata"\r\nContent-Type: {media_type}', text)


def _file(name: str, content: bytes, more: str = "") -> bytes:
    return _part(f'Content-Disposition: form-data; name="file"; filename="{name}"{more}', content)


def _form(*parts: bytes) -> bytes:
    return b"".join((*parts, f"--{BOUNDARY}--\r\n".encode()))


async def _send(gateway: World, body: bytes, **options: Any) -> Answer:
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = await gateway.call("POST", COMPOSE, body=body, headers=headers, **options)
    assert list(gateway.context.spool.iterdir()) == []
    return answer


async def _compose(gateway: World, facts: Any, *files: tuple[str, bytes]) -> Answer:
    return await _send(gateway, _form(_metadata(facts), *(_file(*file) for file in files)))


def _read(answer: Answer) -> tuple[Parsed, list[bytes]]:
    opened = open_file(answer.body)
    parsed = parse(opened.tree, at=NOW, contents=opened.contents)
    attached = parsed.message.attachments if isinstance(parsed.message, Document) else ()
    return parsed, [b"".join(read_content(opened, each.content_id)) for each in attached]


def _codes(answer: Answer) -> dict[str, str]:
    return {each.get("where", {}).get("key", ""): each["code"] for each in answer.json["errors"]}


async def test_a_form_becomes_a_document(gateway: World) -> None:
    """Metadata and files come back as edXML under a telling name, and the answer says that it is not signed."""
    answer = await _compose(gateway, LETTER, ("quyết định.pdf", PDF), ("số liệu.csv", b"a,b\n"))

    assert answer.status == 200, answer.json
    assert answer.headers[hdrs.CONTENT_TYPE] == "application/edxml+xml"
    assert answer.headers["Vanthu-Signature"] == "none"
    assert answer.headers["Vanthu-Warnings"] == ""
    assert "12-Q%C4%90-UBND.edxml" in answer.headers[hdrs.CONTENT_DISPOSITION]
    digest = pybase64.b64encode(hashlib.sha256(answer.body).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    parsed, contents = _read(answer)
    assert isinstance(parsed.message, Document)
    assert [(each.name, each.content_type) for each in parsed.message.attachments] == [
        ("quyết định.pdf", "application/pdf"),
        ("số liệu.csv", "application/zip"),
    ]
    assert contents[0] == PDF
    assert contents[1].startswith(b"PK")
    assert parsed.message.document_id == "H26,2025/07/01,12/QĐ-UBND"


async def test_what_was_composed_can_be_signed_and_sent(gateway: World) -> None:
    """Once its caller has signed it, the gateway takes it."""
    composed = await _compose(gateway, LETTER | {"document_id": "H26,2025,composed"}, ("a.pdf", PDF))

    answer = await gateway.send(signed(composed.body, identity("H26")))

    assert answer.status == 201, answer.json


async def test_big_files_pass_through(gateway: World) -> None:
    """Files of any kind of bytes, such as pieces of the boundary, come back whole, and no private file is left."""
    tricky = (b"\r\n--" + BOUNDARY.encode()[:-1] + b"x") * 1000
    big = os.urandom(700_000)

    answer = await _compose(gateway, LETTER, ("big.pdf", PDF + big), ("tricky.pdf", PDF + tricky))

    assert answer.status == 200, answer.json
    assert _read(answer)[1] == [PDF + big, PDF + tricky]


async def test_a_status_message(gateway: World) -> None:
    """A status is composed without files."""
    facts = {
        "kind": "status",
        "sender": {"organ_id": "H53"},
        "response_for": {
            "organ_id": "H26",
            "code": "12/QĐ-UBND",
            "promulgation_date": "2025-07-01",
            "document_id": "x",
        },
        "status_code": "03",
    }

    answer = await _compose(gateway, facts)
    with_file = await _compose(gateway, facts, ("a.pdf", PDF))

    assert isinstance(_read(answer)[0].message, StatusMessage)
    assert (with_file.status, with_file.json["code"]) == (422, "schema.metadata_status_with_files")


async def test_remarks_are_told(gateway: World) -> None:
    """A remark does not stop anything; its code is in a header."""
    answer = await _compose(gateway, LETTER | {"priority": 7}, ("a.pdf", PDF))

    assert answer.headers["Vanthu-Warnings"] == "schema.unknown_priority"


async def test_every_fault_at_once_and_no_trace(gateway: World) -> None:
    """All faults of the metadata come in one problem, each with its key; nothing is written to the log."""
    before = len(await gateway.log())
    facts = LETTER | {"sbject": 1, "subject": "", "recipients": [{"organ_id": "H53"}, {}]}

    answer = await _compose(gateway, facts, ("a.pdf", PDF), ("empty.pdf", b""))

    assert answer.status == 422
    assert _codes(answer) == {
        "sbject": "schema.metadata_unknown_key",
        "subject": "schema.metadata_missing_key",
        "recipients[1].organ_id": "schema.metadata_missing_key",
        "attachments[1]": "schema.metadata_empty_file",
    }
    # Others may have been refused meanwhile; of this request there is no word.
    since = (await gateway.log())[before:]
    assert [each for each in since if "compose" in str(each.fields)] == []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (LETTER | {"promulgation_date": "2025-07-02"}, {"promulgation_date": "schema.date_in_future"}),
        (
            LETTER | {"recipients": [{"organ_id": "null"}]},
            {"recipients[0].organ_id": "schema.agency_code_null"},
        ),
        (b"{", {"": "schema.metadata_unreadable"}),
        (b"[]", {"": "schema.metadata_unreadable"}),
        (b"\xff", {"": "schema.metadata_unreadable"}),
    ],
)
async def test_what_cannot_be_composed(gateway: World, facts: Any, expected: dict[str, str]) -> None:
    """What is no metadata, and what the reader would refuse, is a problem that names the key."""
    answer = await _compose(gateway, facts, ("a.pdf", PDF))

    assert _codes(answer) == expected


async def test_dangerous_files(gateway: World) -> None:
    """A file that a receiver would refuse is refused here, by its place in the form."""
    program = b"MZ" + bytes(62) + b"\x40\0\0\0PE\0\0" + bytes(64)

    answer = await _compose(gateway, LETTER, ("a.pdf", PDF), ("b.pdf", program))

    assert _codes(answer) == {"attachments[1]": "schema.attachment_executable"}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("C:\\\\thu\\\\a.pdf", "a.pdf"),
        ("../../a.pdf", "a.pdf"),
        ("/etc/a.pdf", "a.pdf"),
        (" a.pdf ", "a.pdf"),
    ],
)
async def test_names_carry_no_path(gateway: World, sent: str, stored: str) -> None:
    """Of a path only the last step counts."""
    message = _read(await _compose(gateway, LETTER, (sent, PDF)))[0].message

    assert isinstance(message, Document)
    assert message.attachments[0].name == stored


async def test_a_circular_to_every_commune(gateway: World) -> None:
    """Ten thousand recipients with their names fit into the metadata."""
    recipients = [{"organ_id": f"H26.{number}", "name": "Ủy ban nhân dân Xã"} for number in range(10_035)]

    message = _read(await _compose(gateway, LETTER | {"recipients": recipients}))[0].message

    assert isinstance(message, Document)
    assert len(message.recipients) == len(recipients)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (_form(_file("a.pdf", PDF)), "request.bad_parameter"),
        (_form(_metadata(LETTER), _metadata(LETTER)), "request.bad_parameter"),
        (
            _form(_metadata(LETTER), _part('Content-Disposition: form-data; name="other"', b"")),
            "request.bad_parameter",
        ),
        (
            _form(_metadata(LETTER), _part('Content-Disposition: form-data; name="file"', PDF)),
            "request.bad_parameter",
        ),
        (_form(_metadata(LETTER), _part("X: y", PDF)), "request.bad_parameter"),
        (_form(_metadata(LETTER), *([_file("a.pdf", PDF)] * 101)), "request.bad_parameter"),
        (
            _form(_metadata(LETTER), _file("a.pdf", PDF, "\r\nContent-Transfer-Encoding: base64")),
            "request.bad_parameter",
        ),
        (
            _form(_metadata(LETTER), _part("Content-Type: multipart/mixed; boundary=x", b"--x--")),
            "request.bad_parameter",
        ),
        (_form(_metadata(LETTER), _file("a.pdf", PDF, "\r\nX: " + "y" * 5000)), "request.bad_parameter"),
        (_form(_metadata(LETTER), _file("a.pdf", PDF, "\r\nX: y" * 20)), "request.bad_parameter"),
        (_form(_metadata(LETTER, "text/plain")), "request.unsupported_media_type"),
        (_form(_metadata({"subject": "x" * (METADATA_SIZE + 1)})), "request.body_too_large"),
        (_metadata(LETTER), "request.bad_parameter"),
        (_metadata(LETTER)[:-9], "request.bad_parameter"),
        (b"no form at all", "request.bad_parameter"),
        (b"", "request.bad_parameter"),
    ],
    ids=range(16),
)
async def test_what_is_no_such_form(gateway: World, body: bytes, code: str) -> None:
    """A form that is malformed, too rich, or of another kind is refused as a whole."""
    answer = await _send(gateway, body)

    assert answer.json["code"] == code


@pytest.mark.parametrize(
    "media_type", ["application/json", "multipart/mixed; boundary=x", "multipart/form-data", ""]
)
async def test_other_content_types(gateway: World, media_type: str) -> None:
    """Only a form with a boundary is read."""
    headers = {"Content-Type": media_type} if media_type else {}

    answer = await gateway.call("POST", COMPOSE, body=_form(_metadata(LETTER)), headers=headers)

    expected = (
        "request.bad_parameter" if media_type == "multipart/form-data" else "request.unsupported_media_type"
    )
    assert answer.json["code"] == expected


async def test_who_may_not(gateway: World) -> None:
    """It takes a connected system's token, and that is asked for before anything is read."""
    assert (await _send(gateway, _form(), token=None)).status == 401
    assert (await _send(gateway, _form(), token="auditor")).status == 403


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Return a gateway that takes little and waits for nobody."""
    pace = Pace(grace=0.3, bytes_per_second=1_000_000)
    async with world(tmp_path_factory.mktemp("strict"), pace=pace, max_body=400_000) as running:
        yield running


async def test_limits_hold(strict: World) -> None:
    """A form over the limit is not read, and a result over it is not handed out: nobody could send it."""
    over = await _compose(strict, LETTER, ("a.pdf", PDF + os.urandom(500_000)))
    grown = await _compose(strict, LETTER, ("a.pdf", PDF + os.urandom(350_000)))

    assert (over.status, over.json["code"]) == (413, "request.body_too_large")
    assert (grown.status, grown.json["code"]) == (413, "request.body_too_large")


@pytest.mark.parametrize(
    "cut", [b"", _metadata(LETTER), _metadata(LETTER) + _file("a.pdf", PDF * 999)[:-500]]
)
async def test_a_form_that_stops_is_not_waited_for(strict: World, cut: bytes) -> None:
    """A form that comes no further is given up, wherever it stopped; its place is free again and its files are gone."""
    free = strict.api[BODIES]._value
    media_type = f"multipart/form-data; boundary={BOUNDARY}"
    head = request(COMPOSE, token=strict.tokens["hanoi"], length=300_000, media_type=media_type)

    async with connected(strict.url) as connection:
        await connection.send(head, cut)
        answer = await connection.problem()

    assert answer == (408, "request.body_incomplete")
    assert strict.api[BODIES]._value == free
    assert list(strict.context.spool.iterdir()) == []
