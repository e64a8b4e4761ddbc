"""`vanthu trust lists` and `import-list`, against a gateway that runs as a process of its own."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import Authority, new_root
from gateway.cli import run
from gateway.clock import utc_now
from tests.cli.world import Served, served
from tests.support.crl import crl


def test_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list is handed in, shown to people and machines, and an older one is refused."""
    now = utc_now().replace(microsecond=0)
    root, folder = new_root("Gốc", now - timedelta(days=1)), tmp_path / "data"
    (folder / "trust").mkdir(parents=True)
    (folder / "trust" / "root.pem").write_bytes(root.certificate.public_bytes(Encoding.PEM))
    with served(folder) as gateway:
        _hand_in_and_look(gateway, root, now, tmp_path, capsys)


def _hand_in_and_look(
    gateway: Served, root: Authority, now: datetime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--url", gateway.url, "--token", gateway.token("admin"))
    newer, older = (
        crl(root, this_update=now - timedelta(hours=hours), extensions=((x509.CRLNumber(number), False),))
        for number, hours in ((5, 1), (4, 2))
    )
    (tmp_path / "newer.crl").write_bytes(newer)
    (tmp_path / "older.crl").write_bytes(older)

    assert run(["trust", "import-list", str(tmp_path / "newer.crl"), *options]) == 0
    assert "Đã nạp 1" in capsys.readouterr().out
    assert run(["trust", "import-list", str(tmp_path / "newer.crl"), "--json", *options]) == 0
    (again,) = json.loads(capsys.readouterr().out)["taken"]
    assert (again["number"], again["changed"]) == ("5", False)
    assert run(["trust", "import-list", str(tmp_path / "older.crl"), *options]) == 1
    assert "trust.older_list" in capsys.readouterr().err
    assert run(["trust", "lists", *options]) == 0
    assert "nothing is fetched" in capsys.readouterr().out
    assert run(["trust", "lists", "--json", *options]) == 0
    assert json.loads(capsys.readouterr().out)["hosts"] == []
