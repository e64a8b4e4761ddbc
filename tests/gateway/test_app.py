"""The composition root: first start, second process, restart."""

from pathlib import Path

import pytest

from gateway.app import running
from gateway.client import Client
from gateway.errors import DataInUseError
from gateway.settings import Settings


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
