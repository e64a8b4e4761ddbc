"""The API client: what it sends, what it repeats and what it never repeats, and how every failure reads.

The other end is a server that answers from a script, so that lost answers and foreign answers can be played.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from gateway.client import (
    Backoff,
    Client,
    Fault,
    ProblemError,
    UnexpectedAnswerError,
    UnreachableError,
)

SWIFT = Backoff(tries=3, first=0.001, longest=0.01)
ACCEPTED: dict[str, Any] = {
    "id": "0197b2c4-0000-7000-8000-000000000001",
    "kind": "edoc",
    "outcome": "accepted",
    "accepted_at": "2025-07-01T02:00:00.000Z",
    "sha256": "ab" * 32,
    "size": 3,
    "document_id": "d-1",
    "number": "126/VP-TH",
    "about": None,
    "status_code": None,
    "sender": {"code": "H26.1", "as_sent": "000.00.01.H26", "member": "hanoi"},
    "verdict": {"indication": "TOTAL_PASSED"},
    "warnings": [],
    "deliveries": [
        {"id": "x", "code": "H60.1", "as_sent": "H60.1", "member": "tuyenquang", "state": "queued"}
    ],
    "receipt": {},
    "links": {},
}
PROBLEM: dict[str, Any] = {
    "type": "/errors#registry.code_closed",
    "title": "Nội dung bị từ chối",
    "status": 422,
    "code": "registry.code_closed",
    "vi": "Mã đã đóng.",
    "en": "The code is closed.",
    "fix_vi": "Gửi tới cơ quan kế thừa.",
    "fix_en": "Send to the successor.",
    "outcome": "refused",
    "where": {"xpath": "/edXML", "line": 7},
    "errors": [{"code": "registry.code_closed", "level": "refuse", "where": {"line": 7}}],
}


@dataclass
class Seen:
    """A request as it reached the server."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """Answers in their order, and the requests that they answered."""

    answers: list[Callable[[], web.Response]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Answer the next request."""
        self.seen.append(
            Seen(
                method=request.method,
                path=request.rel_url.raw_path,
                query=dict(request.query),
                headers=dict(request.headers),
                body=await request.read(),
            )
        )
        answer = self.answers.pop(0)
        if answer is lost and request.transport is not None:
            request.transport.close()
        return answer()

    def client(self, **options: Any) -> Client:
        """Return a client of this server."""
        return Client(self.url, **{"backoff": SWIFT, "token": "vt_x.y", **options})


@pytest_asyncio.fixture
async def script() -> AsyncIterator[Script]:
    """Run a server that answers from a script."""
    played = Script()
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{tail:.*}", played.handle)
    async with TestServer(app) as server:
        played.url = str(server.make_url("/"))
        yield played


def says(body: Any, status: int = 200, **headers: str) -> Callable[[], web.Response]:
    """Answer with JSON."""
    return lambda: web.json_response(body, status=status, headers=headers)


def refuses(
    status: int = 422, *, retry_after: str | None = None, **changes: Any
) -> Callable[[], web.Response]:
    """Answer with a problem document."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    document = {**PROBLEM, "status": status, **changes}
    return lambda: web.Response(
        status=status,
        body=json.dumps(document).encode(),
        content_type="application/problem+json",
        headers=headers,
    )


def lost() -> web.Response:
    """Answer, but only after the connection broke."""
    return web.Response()


async def test_submit_sends_the_exact_bytes_with_a_key(script: Script) -> None:
    """A document goes out byte for byte, with the token and an Idempotency-Key of its own, and comes back typed."""
    script.answers = [says(ACCEPTED, 201)]

    async with script.client() as client:
        sent = await client.submit_document(b"\x00<x/>")

    (request,) = script.seen
    assert (request.method, request.path, request.body) == ("POST", "/v1/documents", b"\x00<x/>")
    assert request.headers["Authorization"] == "Bearer vt_x.y"
    assert request.headers["Content-Length"] == "5"
    assert request.headers["Accept-Language"] == "vi"
    assert len(request.headers["Idempotency-Key"]) == 36
    assert sent.accepted_at == datetime(2025, 7, 1, 2, tzinfo=UTC)
    assert (sent.sender.code, sent.deliveries[0].member, sent.replayed) == ("H26.1", "tuyenquang", False)


async def test_body_over_a_megabyte_is_streamed(script: Script) -> None:
    """A big body raises no warning and arrives whole with its length."""
    script.answers = [says(ACCEPTED, 201)]
    body = bytes(3 * 2**20)

    async with script.client() as client:
        await client.submit_document(body)

    assert script.seen[0].body == body
    assert script.seen[0].headers["Content-Length"] == str(len(body))


async def test_file_is_read_again_for_each_try(script: Script, tmp_path: Path) -> None:
    """A file given by its path goes out whole each time, with its length."""
    script.answers = [lost, refuses(503, outcome="undecided"), says(ACCEPTED, 201)]
    file = tmp_path / "big.edxml"
    file.write_bytes(os.urandom(2**21))

    async with script.client() as client:
        await client.submit_document(file)

    assert [each.body == file.read_bytes() for each in script.seen] == [True, True, True]
    assert len({each.headers["Idempotency-Key"] for each in script.seen}) == 1
    assert script.seen[0].headers["Content-Length"] == str(2**21)


async def test_file_that_cannot_be_read(script: Script, tmp_path: Path) -> None:
    """A file that is not there is the caller's own error, and nothing is sent."""
    async with script.client() as client:
        with pytest.raises(FileNotFoundError):
            await client.submit_status(tmp_path / "none")

    assert script.seen == []


async def test_content_is_written_to_a_file(script: Script, tmp_path: Path) -> None:
    """What is fetched goes to a file from where it stands; a broken answer leaves nothing of itself behind."""
    content = os.urandom(2**21)
    tag = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"'}

    def broken() -> web.Response:
        cut = web.Response(body=content[:-1], headers={**tag, "Content-Length": str(len(content))})
        cut.force_close()
        return cut

    script.answers = [broken, lost, lambda: web.Response(body=content, headers=tag)]
    with (tmp_path / "out").open("w+b") as out:
        out.write(b"before ")
        async with script.client() as client:
            sha256 = await client.save_inbox_content("i", out)

    assert (tmp_path / "out").read_bytes() == b"before " + content
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert len(script.seen) == 3


@pytest.mark.parametrize("tag", [{"ETag": f'"{"00" * 32}"'}, {}], ids=["other", "none"])
async def test_content_that_is_not_what_was_named(
    script: Script, tmp_path: Path, tag: dict[str, str]
) -> None:
    """Bytes that do not have the hash that the gateway names are not passed off as the document."""
    script.answers = [lambda: web.Response(body=b"content", headers=tag)]

    with (tmp_path / "out").open("w+b") as out:
        async with script.client() as client:
            with pytest.raises(UnexpectedAnswerError):
                await client.save_inbox_content("i", out)


async def test_refusal_of_content_is_raised(script: Script, tmp_path: Path) -> None:
    """A problem document is not written into the file."""
    script.answers = [refuses(404)]

    with (tmp_path / "out").open("w+b") as out:
        async with script.client() as client:
            with pytest.raises(ProblemError):
                await client.save_inbox_content("i", out)

    assert (tmp_path / "out").read_bytes() == b""


@pytest.mark.parametrize(
    "failure",
    [lost, refuses(503, outcome="undecided"), says({}, 502)],
    ids=["lost", "undecided", "proxy"],
)
async def test_submit_is_repeated_under_one_key(script: Script, failure: Callable[[], web.Response]) -> None:
    """A lost answer, an undecided one and a proxy's error are tried again under the same Idempotency-Key."""
    script.answers = [failure, says(ACCEPTED, 201, **{"Idempotency-Replayed": "true"})]

    async with script.client() as client:
        sent = await client.submit_status(b"<s/>", key="126-VP-TH")

    assert [request.path for request in script.seen] == ["/v1/statuses"] * 2
    assert {request.headers["Idempotency-Key"] for request in script.seen} == {"126-VP-TH"}
    assert sent.replayed


async def test_refusal_is_never_repeated(script: Script) -> None:
    """A decided no comes at once, with code, both texts, the fix, the place and every finding."""
    script.answers = [refuses()]

    async with script.client() as client:
        with pytest.raises(ProblemError) as caught:
            await client.submit_document(b"<x/>")

    problem = caught.value
    assert len(script.seen) == 1
    assert (problem.status, problem.code, problem.undecided) == (422, "registry.code_closed", False)
    assert problem.fault.vi == "Mã đã đóng."
    assert problem.fault.fix_en == "Send to the successor."
    assert problem.fault.where == "/edXML, dòng 7"
    assert [fault.where for fault in problem.faults] == ["dòng 7"]
    assert str(problem) == "registry.code_closed: The code is closed."


async def test_undecided_is_raised_after_the_last_try(script: Script) -> None:
    """What stays undecided is reported as such, with the time that the gateway asks for."""
    script.answers = [refuses(503, retry_after="1", outcome="undecided")] * 3

    async with script.client() as client:
        with pytest.raises(ProblemError) as caught:
            await client.document("id")

    assert (len(script.seen), caught.value.undecided, caught.value.retry_after) == (3, True, 1.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.add_member("hanoi", name="Hà Nội", prefixes=["H26"]),
        lambda client: client.issue_member_token("hanoi"),
        lambda client: client.issue_token(label="k", roles=["auditor"]),
        lambda client: client.revoke_token("id"),
        lambda client: client.register_certificate("H26", b"pem"),
    ],
    ids=["member", "member token", "token", "revocation", "certificate"],
)
async def test_what_may_not_happen_twice_is_not_repeated(
    script: Script, call: Callable[[Client], Any]
) -> None:
    """Administration is tried once: whether a lost answer meant success is for a person to find out."""
    script.answers = [refuses(503, outcome="undecided")]

    async with script.client() as client:
        with pytest.raises(ProblemError):
            await call(client)

    assert len(script.seen) == 1


async def test_no_answer_at_all(unused_tcp_port: int) -> None:
    """A gateway that is not there is named, with what the system said."""
    async with Client(f"http://127.0.0.1:{unused_tcp_port}", backoff=SWIFT) as client:
        with pytest.raises(UnreachableError, match="no answer from http://127"):
            await client.checkpoint()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda: web.Response(text="<html>", content_type="text/html", status=404), "text/html"),
        (lambda: web.Response(body=b"{", content_type="application/problem+json", status=400), "truncated"),
        (lambda: web.Response(body=b"[]", content_type="application/problem+json", status=400), "Expected"),
        (lambda: web.Response(body=b"{}", content_type="application/json"), "missing required"),
        (lambda: web.Response(status=302, headers={"Location": "http://elsewhere.example/"}), "content type"),
    ],
    ids=["page", "broken", "list", "half", "redirect"],
)
async def test_answers_that_are_no_gateways(
    script: Script, answer: Callable[[], web.Response], reason: str
) -> None:
    """Something that is no gateway is said to be none, and a redirect is not followed with the token."""
    script.answers = [answer]

    async with script.client() as client:
        with pytest.raises(UnexpectedAnswerError, match=reason):
            await client.acknowledge("id")

    assert len(script.seen) == 1


async def test_reading_calls(script: Script) -> None:
    """Every reading call asks the path and the parameters that the API describes, and only those that were given."""
    item = {
        "id": "i",
        "kind": "edoc",
        "document": {"id": "m", "sha256": "", "size": 1, "document_id": "d", "number": "", "subject": "s"},
        "recipient": {"code": "H60", "as_sent": "H60"},
        "sender": {"code": "H26", "as_sent": "H26"},
        "arrived_at": "2025-07-01T02:00:00Z",
        "fetched_at": None,
        "acknowledged_at": None,
    }
    entry = {"index": 4, "leaf_sha256": "ab", "leaf": {"kind": "accepted"}, "leaf_base64": "e30="}
    script.answers = [
        says({"items": [item], "next": "i"}),
        says({"items": [], "next": None}),
        says(item),
        lambda: web.Response(body=b"bytes"),
        lambda: web.Response(body=b"more"),
        says({"id": "i", "acknowledged_at": "2025-07-01T02:00:00Z", "already": True}),
        says({"code": "H26"}),
        says({"entries": [entry], "next": 5}),
        says({"index": 4}),
        lambda: web.Response(text="note\n"),
    ]

    async with script.client(language="en") as client:
        page = await client.inbox(wait=1, code="H60", after="a", limit=2)
        await client.inbox()
        await client.inbox_item("i/..")
        assert await client.inbox_content("i") == b"bytes"
        assert await client.content("m") == b"more"
        assert (await client.acknowledge("i")).already
        await client.agency("H26", at=datetime(2025, 7, 1, tzinfo=UTC))
        assert (await client.entries(start=4, limit=1)).next == 5
        await client.proof(4)
        assert await client.checkpoint() == "note\n"

    assert page.items[0].document.subject == "s"
    assert [(request.path, request.query) for request in script.seen] == [
        ("/v1/inbox", {"wait": "1", "code": "H60", "after": "a", "limit": "2"}),
        ("/v1/inbox", {}),
        ("/v1/inbox/i%2F..", {}),
        ("/v1/inbox/i/content", {}),
        ("/v1/documents/m/content", {}),
        ("/v1/inbox/i/ack", {}),
        ("/v1/agencies/H26", {"at": "2025-07-01T00:00:00+00:00"}),
        ("/v1/log/entries", {"start": "4", "limit": "1"}),
        ("/v1/log/entries/4/proof", {}),
        ("/v1/log/checkpoint", {}),
    ]
    assert script.seen[0].headers["Accept-Language"] == "en"


async def test_administrative_calls(script: Script) -> None:
    """Administration states what was given and leaves out what was not."""
    expires = datetime(2026, 1, 1, tzinfo=UTC)
    script.answers = [
        says({"version": 1, "sha256": "ab", "agencies": 2, "changed": True}),
        says({"id": "hanoi"}, 201),
        says({"token": "vt_a.b", "credential_id": "a"}, 201),
        says({"token": "vt_c.d", "credential_id": "c"}, 201),
        lambda: web.Response(status=204),
        says({"code": "H26"}, 201),
    ]

    async with script.client() as client:
        assert (await client.load_agencies(b"code\n")).changed
        await client.add_member("hanoi", name="Hà Nội", prefixes=["H26"])
        assert (await client.issue_member_token("hanoi", expires_at=expires)).token == "vt_a.b"
        await client.issue_token(label="kiểm toán", roles=["auditor"])
        await client.revoke_token("a")
        await client.register_certificate("H26.1", b"PEM")

    bodies = [request.body for request in script.seen]
    assert bodies[0] == b"code\n"
    assert json.loads(bodies[1]) == {"id": "hanoi", "name": "Hà Nội", "prefixes": ["H26"]}
    assert json.loads(bodies[2]) == {"expires_at": "2026-01-01T00:00:00+00:00"}
    assert json.loads(bodies[3]) == {"label": "kiểm toán", "roles": ["auditor"]}
    assert [request.method for request in script.seen] == ["POST"] * 4 + ["DELETE", "POST"]


async def test_client_outside_its_context() -> None:
    """A client that was not entered says so instead of failing somewhere deep."""
    with pytest.raises(AssertionError, match="async with"):
        await Client("http://127.0.0.1:1").checkpoint()


async def test_caller_can_give_up(script: Script) -> None:
    """A caller that stops waiting is obeyed at once, in the middle of a pause too."""
    script.answers = [refuses(503, retry_after="60", outcome="undecided")]

    async with script.client(backoff=Backoff(longest=60)) as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.checkpoint(), timeout=0.2)


@given(
    failures=st.integers(1, 30),
    asked=st.none() | st.floats(0, 1e6),
    first=st.floats(0.001, 1),
    longest=st.floats(1, 60),
)
def test_pauses_are_bounded(failures: int, asked: float | None, first: float, longest: float) -> None:
    """A pause is never longer than the longest, and within that at least what the gateway asked for."""
    pause = Backoff(first=first, longest=longest).pause(failures, asked=asked)

    assert 0 < pause <= longest
    assert asked is None or pause >= min(asked, longest)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["code", "vi", "en", "errors", "where", "outcome", "title", "level"])
        | st.text(max_size=4),
        JSON,
    )
)
def test_any_problem_document_can_be_told(document: dict[str, Any]) -> None:
    """Whatever a problem document holds, it becomes an error whose texts are texts."""
    problem = ProblemError(422, document)

    assert all(isinstance(getattr(problem.fault, name), str) for name in ("code", "vi", "en", "where"))
    assert str(problem)
    assert all(isinstance(fault, Fault) for fault in problem.faults)


async def test_check_hands_a_refusal_back_as_an_answer(script: Script) -> None:
    """What would be refused is told, not raised; the bytes go out as they are, without an Idempotency-Key."""
    checked = {
        "outcome": "refused",
        "code": "registry.code_closed",
        "kind": "edoc",
        "size": 4,
        "at": "2025-07-01T02:00:00.000Z",
        "sha256": "ab" * 32,
        "findings": PROBLEM["errors"],
    }
    script.answers = [refuses(503, retry_after="0"), says(checked)]

    async with script.client() as client:
        found = await client.check(b"<x/>")

    assert (found.outcome, found.code, found.kind) == ("refused", "registry.code_closed", "edoc")
    assert [each["code"] for each in found.findings] == ["registry.code_closed"]
    assert {(each.method, each.path, each.body) for each in script.seen} == {
        ("POST", "/v1/documents:check", b"<x/>")
    }
    assert "Idempotency-Key" not in script.seen[0].headers
