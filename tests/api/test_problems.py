"""Problem documents: one table for all codes, two languages, and no word about what broke inside."""

from __future__ import annotations

from collections import Counter

import pytest
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from gateway.api.catalogue import error_classes
from gateway.api.problem_status import STATUS
from gateway.api.problems import language
from gateway.records import Event
from tests.api.raw import connected
from tests.api.world import World

in_session = pytest.mark.asyncio(loop_scope="session")


def test_every_error_is_in_the_table_once() -> None:
    """Each class of the four packages has a code of its own, and each code a status."""
    codes = [str(vars(each)["code"]) for each in error_classes()]

    assert [code for code, count in Counter(codes).items() if count > 1] == []
    assert set(codes) ^ set(STATUS) == set()


def test_statuses_say_whose_turn_it_is() -> None:
    """What may succeed later is 503 or 429, what is refused is 4xx, a remark is 201, and the rest never travels."""
    for each in error_classes():
        status = STATUS[str(vars(each)["code"])]
        if getattr(each, "level", None) == "warning":
            assert status == 201
        elif getattr(each, "retry", False):
            assert status in {429, 500, 503}
        else:
            assert 400 <= status <= 500


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "vi"),
        ("*", "vi"),
        ("fr", "vi"),
        ("en", "en"),
        ("EN-us,vi;q=0.5", "en"),
        ("vi,en", "vi"),
        ("vi;q=0.3, en;q=0.8", "en"),
        ("en;q=0", "vi"),
        ("en;q=x", "vi"),
        ("en;q=²", "vi"),
        ("en;level=1", "en"),
        (",;=", "vi"),
    ],
)
def test_language(header: str, expected: str) -> None:
    """English only where it is preferred; whatever cannot be read counts for nothing."""
    request = make_mocked_request("GET", "/", headers={"Accept-Language": header})

    assert language(request) == expected


@in_session
async def test_unknown_path(gateway: World) -> None:
    """A path that leads nowhere is a problem too, in the language asked for."""
    vi = await gateway.call("GET", "/v1/nothing", token=None)
    en = await gateway.call("GET", "/v1/nothing", token=None, headers={"Accept-Language": "en"})

    assert (vi.status, vi.json["code"], vi.json["title"]) == (404, "request.not_found", "Không tìm thấy")
    assert (en.json["title"], en.json["detail"]) == ("Not Found", "There is no “/v1/nothing”.")


@in_session
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/documents", "GET, HEAD, POST"),
        ("OPTIONS", "/v1/statuses", "POST"),
        ("POST", "/v1/inbox", "GET, HEAD"),
        ("DELETE", "/healthz", "GET, HEAD"),
    ],
)
async def test_wrong_method(gateway: World, method: str, path: str, allowed: str) -> None:
    """A method that a resource does not take hears which ones it does."""
    answer = await gateway.call(method, path, token=None)

    assert (answer.status, answer.json["code"]) == (405, "request.method_not_allowed")
    assert answer.headers["Allow"] == allowed


@in_session
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.yaml", "/v1/inbox", "/v1/agencies/H53"])
async def test_head(gateway: World, path: str) -> None:
    """HEAD works wherever GET does and brings no body."""
    get = await gateway.call("GET", path)
    head = await gateway.call("HEAD", path)

    assert (head.status, head.body) == (get.status, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


@in_session
@pytest.mark.parametrize("path", ["/healthz", "/v1/nothing", "/v1/inbox", "/v1/log/entries", "/docs"])
async def test_headers(gateway: World, path: str) -> None:
    """Every answer says how it may be used, and none what serves it; other sites are not let in."""
    answer = await gateway.call("GET", path, headers={"Origin": "https://example.org"})

    assert "Server" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@in_session
async def test_defects_are_not_explained(gateway: World) -> None:
    """An error that nobody foresaw is a reference for the caller and a traceback for the operator."""

    async def broken(events: list[Event]) -> None:
        raise RuntimeError(f"the disk /dev/sda1 is on fire: {events}")

    log = gateway.store.log
    original = log.append
    log.append = broken  # type: ignore[method-assign,assignment]  # a defect has to be made to be seen
    try:
        with capture_logs() as lines:
            answer = await gateway.call("GET", "/v1/log/entries", token="auditor")
    finally:
        log.append = original  # type: ignore[method-assign]

    assert (answer.status, answer.json["code"]) == (500, "service.internal_error")
    assert "fire" not in answer.body.decode()
    (line,) = [line for line in lines if line["event"] == "request_failed"]
    assert line["request_id"] in answer.json["detail"]
    assert answer.json["instance"] == f"urn:uuid:{line['request_id']}"
    assert "fire" in repr(line["exc_info"])


@in_session
async def test_foreign_text_is_cut_and_made_visible(gateway: World) -> None:
    """What a caller wrote comes back short and without tricks."""
    answer = await gateway.call("GET", "/v1/agencies/" + "%E2%80%AE" * 10 + "A" * 500)

    assert len(answer.json["detail"]) < 300
    assert "\u202e" not in answer.body.decode()


@in_session
async def test_odd_bytes_in_headers(gateway: World) -> None:
    """Headers that are not text at all are answered like any other wrong value."""
    async with connected(gateway.url) as connection:
        await connection.send(
            b"POST /v1/documents HTTP/1.1\r\nHost: test\r\nAccept-Language: \xff\r\n"
            b"Authorization: Bearer \xff\xfe\r\nContent-Length: 0\r\n\r\n"
        )

        assert await connection.problem() == (401, "access.token_invalid")
