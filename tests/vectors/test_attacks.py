"""Every vector about signatures gets its answer: made anew, judged as `vanthu verify` does, some by the command.

`VANTHU_TEST_ATTACKS` names a folder that `tests.vectors.build_attacks` has written, to judge that one instead.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pybase64
import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.exceptions import InvalidCertificate, InvalidInput, InvalidSignature
from signxml.verifier import SignatureConfiguration, XMLVerifier

from certs.errors import TrustError
from certs.indication import Indication
from certs.plain_form import read_plain
from certs.shape import SIGNATURE_PATH, find_signature
from gateway.cli.verifying import examine
from gateway.pdf_worker.client import PdfWorker
from schemas.errors import FileError
from schemas.xml_parser import parse_tree
from tests.cli.world import ROOT, clean_environment
from tests.support.signing import DS, read
from tests.support.step_by_step import step_by_step
from tests.vectors.attacks.vector import GOOD
from tests.vectors.build_attacks import build, vectors
from tests.vectors.judging import differences, request_of

NAMES: Final = [vector.name for vector in vectors()]
ROWS: Final = {*range(1, 29)}
"""Rows that a single file can show; 29 to 31 are about no file."""
SAMPLE: Final = [
    name
    for number, name in enumerate(NAMES)
    if number % 40 == 0
    or name.startswith(
        ("p07", "p11", "p12-a", "p13", "p14-e", "p18", "p21", "k16", "t06-references-5000", "c-maze")
    )
]
"""These also go through the real command: what could be costly, and one in forty of the others."""
MEMORY: Final = 400 * 2**20
"""Address space for the child: 200 MB for the document, and as much again for Python and the libraries mapped into it."""
SECONDS: Final = 2
"""Processor time for the child, start included; whoever needs more is killed, and a killed command has none of the exits."""
EXITS: Final = {"TOTAL_PASSED": 0, "TOTAL_FAILED": 1, "INDETERMINATE": 2, "NO_SIGNATURE_FOUND": 3}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every vector."""
    ready = os.environ.get("VANTHU_TEST_ATTACKS")
    if ready:
        return Path(ready)
    made = tmp_path_factory.mktemp("attacks")
    build(made, vectors())
    return made


@pytest.fixture(scope="session")
def manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the lines of the manifest, by name."""
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    return {entry["name"]: entry for entry in json.loads(text)["vectors"]}


@pytest.fixture(scope="session")
def worker() -> Iterator[PdfWorker]:
    """Return the process that reads every PDF, which is not started if there is none."""
    with PdfWorker() as started:
        yield started


@pytest.mark.parametrize("name", NAMES)
def test_answer(name: str, folder: Path, manifest: dict[str, dict[str, Any]], worker: PdfWorker) -> None:
    """The answer is exactly the one that the manifest has."""
    report = examine(request_of(folder, manifest[name]), worker=worker)
    assert differences(report.as_json(), manifest[name]) == []


def test_plain_signatures_are_read_alike(folder: Path, manifest: dict[str, dict[str, Any]]) -> None:
    """Whatever is read of a plain signature with the help of what is remembered is what reading it step by step finds."""
    compared = 0
    for entry in manifest.values():
        if entry["type"] not in {"edxml", "xmldsig"}:
            continue
        try:
            tree = parse_tree(folder / entry["file"])
            signature = find_signature(tree, path=SIGNATURE_PATH if entry["type"] == "edxml" else None)
        except (FileError, TrustError):
            continue
        plain = read_plain(signature)
        if plain is not None:
            assert plain == step_by_step(signature), entry["name"]
            compared += 1
    assert compared > len(NAMES) / 4


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


@pytest.mark.parametrize("name", SAMPLE)
def test_answer_of_the_command(name: str, folder: Path, manifest: dict[str, dict[str, Any]]) -> None:
    """The command says the same within its limits of memory and time, and its exit fits."""
    entry = manifest[name]
    options = [
        *(part for path in entry["anchors"] for part in ("--trust-anchor", str(folder / path))),
        *(part for path in entry["intermediates"] for part in ("--intermediate", str(folder / path))),
        *(part for path in entry["crl"] for part in ("--crl", str(folder / path))),
        *(("--data", str(folder / entry["data"])) if entry["data"] else ()),
        *(("--binding", entry["binding"]) if entry["binding"] else ()),
        *("--time", entry["time"], "--type", entry["type"], "--json", "-"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "verify", str(folder / entry["file"]), *options],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        check=False,
        preexec_fn=_limited,
    )

    assert differences(json.loads(done.stdout), entry) == []
    assert done.returncode == EXITS[entry["expected"]["indication"]]
    assert done.stderr == b""


def test_every_row_has_vectors() -> None:
    """No row that a file can show is without one, and there are plenty of good files."""
    assert {vector.row for vector in vectors()} == ROWS | {GOOD}
    assert sum(vector.row == GOOD for vector in vectors()) > len(NAMES) / 4


# Each with a word on why the other library does not agree that these good files are good.
_PREFIX_LISTS: Final = tuple(
    name for name in NAMES if name.startswith("v-prefixes-")
)  # its schema lacks them
_PSS_PARAMETERS: Final = ("g12-salt-32-declared", "g12-salt-default")  # unknown to both
_NOT_NOW: Final = ("v-renewed-old", "c-boundary-first", "c-boundary-last")  # not valid when the test runs
# It takes every xmlns="" for a fault of lxml's, in documents that mean it.
_UNDONE: Final = tuple(
    name for name in NAMES if re.fullmatch(r"v-layout-default-(undone|changed)-inc(11)?-default", name)
)
_SPACES_AROUND: Final = tuple(
    name for name in NAMES if name.startswith("i-text-around-")
)  # text after the signature is lost
SIGNXML_DIFFERS: Final = {*_PREFIX_LISTS, *_PSS_PARAMETERS, *_NOT_NOW, *_UNDONE, *_SPACES_AROUND}
XMLSEC_DIFFERS: Final = {*_PSS_PARAMETERS}
PASSING: Final = [
    vector.name
    for vector in vectors()
    if vector.answer.indication is Indication.TOTAL_PASSED and vector.kind in {"edxml", "xmldsig"}
]


class _Verifier(XMLVerifier):
    """signxml with its own cure for lxml's inclusive canonicalisation."""

    excise_empty_xmlns_declarations = True


def _signxml_accepts(root: etree._Element, der: bytes) -> bool:
    info = next(root.iter(f"{{{DS}}}SignedInfo"))
    settings = SignatureConfiguration(
        location=".//", expect_references=len(info.findall(f"{{{DS}}}Reference"))
    )
    pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()
    for verifier in (XMLVerifier, _Verifier):
        try:
            verifier().verify(
                etree.tostring(root),
                x509_cert=pem,
                expect_config=settings,
                parser=etree.XMLParser(huge_tree=True),
            )
        except (InvalidInput, InvalidSignature, InvalidCertificate, etree.LxmlError):
            continue
        return True
    return False


def _xmlsec_accepts(root: etree._Element, der: bytes) -> bool:
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(der, xmlsec.constants.KeyDataFormatCertDer)
    for element in root.iter("*"):
        if element.get("Id"):
            context.register_id(element, "Id")
    try:
        context.verify(next(root.iter(f"{{{DS}}}Signature")))
    except xmlsec.Error:
        return False
    return True


ORACLES: Final[dict[str, tuple[Callable[[etree._Element, bytes], bool], set[str]]]] = {
    "signxml": (_signxml_accepts, SIGNXML_DIFFERS),
    "xmlsec": (_xmlsec_accepts, XMLSEC_DIFFERS),
}


@pytest.mark.parametrize("oracle", ORACLES)
@pytest.mark.parametrize("name", PASSING)
def test_good_files_are_good_to_others(
    name: str, oracle: str, folder: Path, manifest: dict[str, dict[str, Any]]
) -> None:
    """What passes here passes with two other libraries, given the signer's certificate, or it is known why not."""
    accepts, differs = ORACLES[oracle]
    report = examine(request_of(folder, manifest[name])).as_json()
    root = read((folder / manifest[name]["file"]).read_bytes()).getroot()
    wanted = report["signer"]["certificate_sha256"]
    ders = {pybase64.b64decode(each.text or "") for each in root.iter(f"{{{DS}}}X509Certificate")}
    (der,) = (each for each in ders if hashlib.sha256(each).hexdigest() == wanted)

    assert accepts(root, der) == (name not in differs)
