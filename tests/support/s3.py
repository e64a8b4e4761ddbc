"""An S3-compatible object store for tests: moto's server, over HTTP on a free loopback port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import uuid4

import obstore
from aiohttp.test_utils import unused_port
from moto.server import ThreadedMotoServer
from obstore.store import S3Store


class ObjectStore:
    """A server, and keys for it in a file; what it holds is gone when it stops."""

    def __init__(self, folder: Path) -> None:
        self.endpoint = f"http://127.0.0.1:{unused_port()}"
        self.credentials = folder / "credentials"
        self.credentials.write_text(
            "[default]\naws_access_key_id = testing\naws_secret_access_key = testing-secret\n"
        )
        self.credentials.chmod(0o600)
        self._server: ThreadedMotoServer | None = None

    def start(self) -> None:
        """Listen."""
        self._server = ThreadedMotoServer(
            ip_address="127.0.0.1", port=int(self.endpoint.rpartition(":")[2]), verbose=False
        )
        self._server.start()

    def stop(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def bucket(self) -> str:
        """Make a bucket and return its URL, as a setting."""
        name = f"payloads-{uuid4().hex[:12]}"
        with urlopen(Request(f"{self.endpoint}/{name}", method="PUT"), timeout=10) as answer:  # noqa: S310 - our own server
            answer.read()
        return f"s3://{name}/bodies?endpoint={self.endpoint}&credentials={self.credentials}"


def objects(url: str) -> S3Store:
    """Open the bucket of a URL without the product."""
    name, _, query = url.removeprefix("s3://").partition("/")
    endpoint = query.partition("endpoint=")[2].partition("&")[0]
    return S3Store(
        name,
        prefix="bodies",
        endpoint=endpoint,
        access_key_id="testing",
        secret_access_key="testing-secret",
        region="us-east-1",
        client_options={"allow_http": True, "timeout": timedelta(seconds=10)},
    )


def keys(url: str) -> set[str]:
    """Return the names of all objects below the prefix of a URL."""
    return {each["path"] for page in obstore.list(objects(url)) for each in page}


@contextmanager
def running_object_store(folder: Path) -> Iterator[ObjectStore]:
    """Start a server for the length of a `with` block."""
    server = ObjectStore(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
