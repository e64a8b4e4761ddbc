"""The composition root: first start, second process, restart."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.app import running
from gateway.client import Client
from gateway.errors import DataInUseError
from gateway.settings import Settings
from tests.api.raw import connected, request
from tests.support.exchange import connect, correspondents


async def test_the_first_start_makes_what_later_ones_keep(tmp_path: Path) -> None:
    """Keys, token and data are made once; the token is readable by nobody else and works after a restart."""
    settings = Settings(data=tmp_path, port=0)
    async with running(settings) as gateway:
        verifier, token = gateway.keys.log.verifier, gateway.admin_token_file.read_text()
    async with running(settings) as gateway:
        assert (gateway.keys.log.verifier, gateway.admin_token_file.read_text()) == (verifier, token)
        async with Client(gateway.url, token=token.strip()) as admin:
            assert (await admin.entries()).entries

    assert gateway.admin_token_file.stat().st_mode & 0o777 == 0o600


async def test_a_data_folder_serves_one_process(tmp_path: Path) -> None:
    """A second gateway on the same folder is refused, and does not touch the first one's spool."""
    async with running(Settings(data=tmp_path, port=0)) as gateway:
        body = gateway.context.spool / "body-on-its-way"
        body.touch()
        with pytest.raises(DataInUseError, match=str(tmp_path)):
            async with running(Settings(data=tmp_path, port=0)):
                pass
        assert body.exists()

    async with running(Settings(data=tmp_path, port=0)):
        assert not body.exists()


async def test_a_document_that_is_still_coming_is_taken_when_the_gateway_stops(tmp_path: Path) -> None:
    """Who had begun to send gets 201, on a connection that then ends; nobody new gets in."""
    people = correspondents()
    people.trust(tmp_path / "trust")
    async with AsyncExitStack() as stack, AsyncExitStack() as clients:
        gateway = await stack.enter_async_context(running(Settings(data=tmp_path, port=0)))
        async with Client(gateway.url, token=gateway.admin_token_file.read_text().strip()) as admin:
            token, _ = await connect(admin)
        document = people.document()
        head = request("/v1/documents", token=token, length=len(document))
        connection = await clients.enter_async_context(connected(gateway.url))
        await connection.send(head, document[:1000])
        await asyncio.sleep(0.2)  # the request has begun
        stopping = asyncio.create_task(stack.aclose())
        await asyncio.sleep(0.5)
        with pytest.raises(OSError, match="Connect"):
            async with connected(gateway.url):
                pass
        await connection.send(document[1000:])
        status, headers = await connection.head()
        await stopping

    assert (status, headers["connection"]) == (201, "close")
