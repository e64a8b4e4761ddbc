"""`vanthu verify` keeps to itself: no network, no files but those it was given, and attachments change no verdict."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from tests.cli.world import ROOT, clean_environment
from tests.support import pki
from tests.support.signing import ATTACHMENTS, TEMPLATE, Recipe, forge

TIME: Final = "2026-07-01T00:00:00Z"
WATCHED: Final = """\
import sys
import gateway.cli, gateway.cli.verifying, schemas.parse, typer._adapters

def watch(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "urllib.")):
        raise SystemExit(f"{event} {arguments}")
    if event == "open" and str(arguments[0]).startswith("/etc/"):
        raise SystemExit(f"{event} {arguments}")

sys.addaudithook(watch)
gateway.cli.main()
"""
"""The command in a process that ends with an unheard-of exit as soon as it reaches out."""

SIGNED: Final = forge()
ADDRESS: Final = x509.UniformResourceIdentifier("http://127.0.0.1:9/")


def _pointing_out() -> bytes:
    """Sign with a certificate that says where its issuer, its status and its revocation list could be fetched."""
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, ADDRESS),
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, ADDRESS),
        ]
    )
    point = x509.DistributionPoint(full_name=[ADDRESS], relative_name=None, reasons=None, crl_issuer=None)
    certificate = pki.certificate(
        pki.authority(), extensions=((access, False), (x509.CRLDistributionPoints([point]), False))
    )
    return forge(Recipe(identity=(certificate, pki.key())))


OUTWARD: Final[dict[str, tuple[Callable[[], bytes], int]]] = {
    "good": (lambda: SIGNED, 0),
    "certificate with addresses": (_pointing_out, 2),
    "external entity": (lambda: b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 1),
    "external DTD": (lambda: b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>', 1),
    "reference to a file": (lambda: forge(Recipe(uri=' URI="file:///etc/passwd"')), 1),
    "reference to an address": (lambda: forge(Recipe(uri=' URI="http://127.0.0.1:9/"')), 1),
    "retrieval method": (
        lambda: forge(
            Recipe(key_info='<ds:KeyInfo><ds:RetrievalMethod URI="http://127.0.0.1:9/"/></ds:KeyInfo>')
        ),
        1,
    ),
    "style sheet": (
        lambda: SIGNED.replace(b"<edXML xmlns", b'<?xml-stylesheet href="http://127.0.0.1:9/"?><edXML xmlns'),
        1,
    ),
}


@pytest.mark.parametrize("name", OUTWARD)
def test_nothing_is_fetched(name: str, tmp_path: Path) -> None:
    """Whatever a document points to stays where it is."""
    make, expected = OUTWARD[name]

    assert _watched(make(), tmp_path) == expected


def test_the_watch_sees() -> None:
    """The process that is watched ends as soon as a name is looked up."""
    script = WATCHED.replace("gateway.cli.main()", "import socket; socket.getaddrinfo('localhost', 9)")
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=clean_environment(), capture_output=True, check=False
    )

    assert b"socket.getaddrinfo" in result.stderr


def _watched(content: bytes, folder: Path) -> int:
    (folder / "file").write_bytes(content)
    (folder / "root.pem").write_bytes(pki.root().certificate.public_bytes(Encoding.PEM))
    arguments = [
        "verify",
        folder / "file",
        "--trust-anchor",
        folder / "root.pem",
        "--time",
        TIME,
        "--json",
        "-",
    ]
    result = subprocess.run(
        [sys.executable, "-c", WATCHED, *map(str, arguments)],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        check=False,
    )
    assert result.stderr == b""
    assert json.loads(result.stdout)["v"] == 1
    return result.returncode


def _zip(*names: str, content: bytes = b"x") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return packed.getvalue()


ATTACHED: Final[dict[str, Callable[[], bytes]]] = {
    "path traversal": lambda: _zip("../../evil", "/etc/evil"),
    "bomb": lambda: _zip("bomb", content=bytes(40_000_000)),
    "many entries": lambda: _zip(*(str(number) for number in range(5_000))),
    "nested": lambda: _zip("a.zip", content=_zip("b.zip", content=_zip("c"))),
    "program": lambda: b"MZ" + bytes(1000),
}


@pytest.mark.parametrize("name", ATTACHED)
def test_attachment_changes_no_verdict(name: str, tmp_path: Path) -> None:
    """What is wrong with an attachment does not make its signature worse, and nothing of it is unpacked."""
    text = base64.b64encode(ATTACHED[name]()).decode()
    attachment = (
        "<AttachmentEncoded><Attachment><ContentId>cid:1</ContentId><AttachmentName>a.zip</AttachmentName>"
        f"<ContentTransferEncoded>{text}</ContentTransferEncoded></Attachment></AttachmentEncoded>"
    )

    assert _watched(forge(template=TEMPLATE.replace(ATTACHMENTS, attachment)), tmp_path) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"file", "root.pem"}


@pytest.mark.parametrize("text", ["====", "AAAA\x7f", "A", "Tiếng Việt"])
def test_attachment_that_is_not_base64(text: str, tmp_path: Path) -> None:
    """The text was signed as it is."""
    signed = forge(template=TEMPLATE.replace("JVBERi0xLjQ=", text))

    assert _watched(signed, tmp_path) == 0
    assert _watched(signed.replace(text.encode(), b"JVBERi0xLjQ="), tmp_path) == 1
