"""What is a bucket's own: the folder beside it, other hosts, what goes wrong, and its address."""

from __future__ import annotations

import asyncio
import hashlib
import os
from datetime import timedelta
from pathlib import Path

import obstore
import pytest

from gateway.app import running
from gateway.client import Client
from gateway.client.errors import ProblemError
from gateway.client.transport import Backoff
from gateway.clock import utc_now
from gateway.errors import PayloadDiffersError
from gateway.errors_payloads import PayloadsUnavailableError
from gateway.payloads import FolderPayloads
from gateway.payloads_s3 import S3Payloads
from gateway.settings import Settings, SettingsError
from tests.support.exchange import connect, correspondents
from tests.support.s3 import ObjectStore, keys, objects, running_object_store

run = asyncio.run

BODY = b"%PDF " + bytes(range(256)) * 1000
SHA256 = hashlib.sha256(BODY).hexdigest()
KEY = f"{SHA256[:2]}/{SHA256[2:4]}/{SHA256}"
NAME = "0197c1f2-5b7e-7c3a-9d51-0f4a3c2b1d10"
BIG = 21 * 2**20


def test_another_host_reads_what_one_has_put(object_store: ObjectStore, tmp_path: Path) -> None:
    """What is put on one host is fetched by another, once, and readable by its owner only."""
    url = object_store.bucket()
    run(S3Payloads.at(url, tmp_path / "one").put(BODY, SHA256))
    other = S3Payloads.at(url, tmp_path / "other")

    found = other.path(SHA256)
    assert found.read_bytes() == BODY
    assert found.stat().st_mode & 0o777 == 0o600
    obstore.delete(objects(url), KEY)
    assert other.path(SHA256) == found
    assert list((tmp_path / "other" / "drafts").iterdir()) == []


def test_the_folder_beside_may_be_lost(object_store: ObjectStore, tmp_path: Path) -> None:
    """What was answered for lies in the bucket; the folder is only at hand."""
    url = object_store.bucket()
    run(S3Payloads.at(url, tmp_path / "lost").put(BODY, SHA256))
    run(S3Payloads.at(url, tmp_path / "lost").set_aside(BODY, NAME))
    afterwards = S3Payloads.at(url, tmp_path / "new")

    assert afterwards.aside(NAME).read_bytes() == BODY
    run(afterwards.drop(NAME))
    assert keys(url) == {KEY}
    assert afterwards.path(SHA256).read_bytes() == BODY


def test_promoted_on_another_host(object_store: ObjectStore, tmp_path: Path) -> None:
    """What one process set aside is decided on by another."""
    url = object_store.bucket()
    run(S3Payloads.at(url, tmp_path / "one").set_aside(BODY, NAME))
    other = S3Payloads.at(url, tmp_path / "other")
    run(other.promote(NAME, SHA256))

    assert other.path(SHA256).read_bytes() == BODY
    assert KEY in keys(url)


def test_gateways_share_a_bucket_but_not_what_is_aside(object_store: ObjectStore, tmp_path: Path) -> None:
    """What lies aside is listed to its own gateway."""
    url = object_store.bucket()
    mine = S3Payloads.at(url, tmp_path / "mine", gateway="gw.mine")
    yours = S3Payloads.at(url, tmp_path / "yours", gateway="gw.yours")
    run(mine.set_aside(BODY, NAME))

    assert not yours.aside(NAME).exists()
    assert mine.aside(NAME).exists()


def test_big_bodies_go_in_parts(object_store: ObjectStore, tmp_path: Path) -> None:
    """A body of several parts arrives byte for byte."""
    url = object_store.bucket()
    body = os.urandom(BIG)
    sha256 = hashlib.sha256(body).hexdigest()
    (tmp_path / "upload").write_bytes(body)
    run(S3Payloads.at(url, tmp_path / "one").adopt(tmp_path / "upload", sha256))

    assert S3Payloads.at(url, tmp_path / "other").path(sha256).read_bytes() == body


def test_an_altered_object_is_no_payload(object_store: ObjectStore, tmp_path: Path) -> None:
    """Whoever can write into the bucket cannot pass other bytes off as a document."""
    url = object_store.bucket()
    run(S3Payloads.at(url, tmp_path / "one").put(BODY, SHA256))
    obstore.put(objects(url), KEY, BODY[:-1] + b"!")
    other = S3Payloads.at(url, tmp_path / "other")

    with pytest.raises(PayloadDiffersError):
        other.path(SHA256)
    assert list((tmp_path / "other" / "drafts").iterdir()) == []


def test_a_store_that_does_not_answer_loses_nothing(tmp_path: Path) -> None:
    """Without an answer nothing is taken; what was to be stored is still there, and goes through when the store is back."""
    with running_object_store(tmp_path) as server:
        url = server.bucket()
        payloads = S3Payloads.at(url, tmp_path / "cache")
        server.stop()
        upload = tmp_path / "upload"
        upload.write_bytes(BODY)
        with pytest.raises(PayloadsUnavailableError) as raised:
            run(payloads.adopt(upload, SHA256))
        with pytest.raises(PayloadsUnavailableError):
            run(payloads.put(BODY, SHA256))
        with pytest.raises(PayloadsUnavailableError):
            payloads.path(SHA256)
        for call in (payloads.set_aside(BODY, NAME), payloads.drop(NAME)):
            with pytest.raises(PayloadsUnavailableError):
                run(call)
        assert "testing-secret" not in str(raised.value.facts)
        assert upload.read_bytes() == BODY


def test_a_bucket_that_is_not_there(object_store: ObjectStore, tmp_path: Path) -> None:
    """A missing bucket is an outage, never an absent document."""
    url = object_store.bucket()
    payloads = S3Payloads.at(url.replace("s3://payloads-", "s3://nothing-"), tmp_path / "cache")
    with pytest.raises(PayloadsUnavailableError):
        run(payloads.put(BODY, SHA256))


def test_the_folder_beside_stays_small(tmp_path: Path) -> None:
    """What was not touched for longest goes first, and nothing that was used lately."""
    folder = FolderPayloads(tmp_path)
    hashes = []
    for number in range(4):
        body = bytes([number]) * 1000
        hashes.append(hashlib.sha256(body).hexdigest())
        run(folder.put(body, hashes[-1]))
        os.utime(folder.path(hashes[-1]), (1000 + number, 1000 + number))
    os.utime(folder.path(hashes[0]))
    folder.trim(1500, before=utc_now() - timedelta(hours=1))

    assert [sha256 for sha256 in hashes if folder.target(sha256).exists()] == [hashes[0]]


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3://key:secret@bucket/x",
        "s3://bucket/x?endpont=http://h",
        "s3://bucket?cache=much",
        "s3://bucket?credentials=/nowhere/at/all",
    ],
)
def test_an_address_that_does_not_fit(tmp_path: Path, url: str) -> None:
    """What is mistyped stops the start, and no secret is repeated."""
    with pytest.raises(SettingsError) as raised:
        S3Payloads.at(url, tmp_path)
    assert "secret" not in str(raised.value)


def test_credentials_that_are_none(tmp_path: Path) -> None:
    """A file without keys is named; what it holds is not."""
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = only-this\nhush hush\n")
    with pytest.raises(SettingsError, match=file.name) as raised:
        S3Payloads.at(f"s3://bucket?credentials={file}", tmp_path)
    assert "hush" not in str(raised.value)


def test_where_the_folder_beside_lies() -> None:
    """With a bucket, the folder of the data folder is what is kept at hand."""
    settings = Settings.from_environment({"VANTHU_DATA": "/srv/x", "VANTHU_PAYLOADS": "s3://bucket/x"})

    assert settings.has_bucket
    assert settings.payload_folder == Path("/srv/x/payloads")


async def test_a_gateway_whose_bucket_is_away(tmp_path: Path) -> None:
    """Small documents are taken as ever, big ones get 503 and go through later; readiness names the payload store."""
    people = correspondents()
    people.trust(tmp_path / "trust")
    with running_object_store(tmp_path) as server:
        settings = Settings(data=tmp_path, port=0, payloads=server.bucket())
        async with running(settings) as gateway:
            async with Client(gateway.url, token=gateway.admin_token_file.read_text().strip()) as admin:
                token, _ = await connect(admin)
            async with Client(gateway.url, token=token, backoff=Backoff(tries=1)) as hanoi:
                server.stop()
                small, big = people.document(), people.document(content=BODY)
                assert (await hanoi.submit_document(small)).id
                with pytest.raises(ProblemError) as raised:
                    await hanoi.submit_document(big)
                assert (raised.value.status, raised.value.code) == (503, "service.payloads_unavailable")
                server.start()
                assert (await hanoi.submit_document(big)).id
