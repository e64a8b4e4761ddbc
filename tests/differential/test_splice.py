"""Spliced or not, a document gets the same verdict: signed documents are mutated and judged both ways.

Blocks of a few octets stand for those of 128 KiB, so that small documents are spliced as big ones are. The same seed gives the
same documents; it is named when they differ.
"""

import base64
import io
import os
import random
import zipfile
from collections.abc import Callable
from typing import Final

import pytest

from certs.sign import sign_enveloped
from certs.verify import verify
from schemas.document import Attachment
from schemas.errors import SchemaError, SchemaErrors
from schemas.parse import parse
from schemas.splice import Opened, open_file
from tests.support import pki
from tests.support.documents import edxml
from tests.support.signing import EXCLUSIVE, INCLUSIVE, INCLUSIVE_11, MARK, Recipe, forge

SEED: Final = int(os.environ.get("VANTHU_TEST_SEED", "20250701"))
WHOLE: Final = 1 << 30


def _zip() -> bytes:
    """Give a sane ZIP file, whose directory at the end is looked at as well."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("bang.csv"), "a,b\n" * 60)
    return out.getvalue()


CONTENTS: Final = {"a": bytes(range(256)) * 2, "b": _zip(), "c": b"short"}
SNIPPETS: Final = (
    b"<", b">", b"&", b"=", b"\r", b"\n", b"\r\n", b" ", b"\t", b"\x00", b"\xc3\xa9", b"\xff", b"A", b"*",
    b"&#13;", b"&#xD;", b"&#x41;", b"&amp;", b"<!-- x -->", b"<![CDATA[", b"]]>", b"<?pi?>", b"<!DOCTYPE a>",
    b"<edXML:ContentTransferEncoded>", b"</edXML:ContentTransferEncoded>", b"<ContentTransferEncoded>",
    b"<Attachment>", b"</Attachment>", b' Id="x"', b' xml:space="preserve"', b' xmlns=""', b"<x/>",
)  # fmt: skip

Judgement = tuple[object, ...]
Mutation = Callable[[random.Random, bytes], bytes]


def _documents() -> list[bytes]:
    """Give signed documents with every layout of base64 and every canonicalisation, and an unsigned one."""
    attachments = tuple(
        Attachment.of(content, content_id=name, name=f"{name}.bin", content_type="application/octet-stream")
        for name, content in CONTENTS.items()
    )
    plain = edxml(CONTENTS, attachments=attachments)
    made = [plain]
    for separator in ("", "\n", "\r\n", "&#13;\n", " "):
        template = _laid_out(plain, separator).decode()
        template = template.replace("</edXML:edXMLHeader>", f"{MARK}</edXML:edXMLHeader>")
        for method in (EXCLUSIVE, INCLUSIVE, INCLUSIVE_11):
            transforms = (Recipe().transforms[0], f'Algorithm="{method}">')
            made.append(forge(Recipe(transforms=transforms, view_is_exclusive=method == EXCLUSIVE), template))
    certificate, key = pki.signer()
    made.append(sign_enveloped(plain, key=key, certificates=[certificate]))
    return made


def _laid_out(file: bytes, separator: str) -> bytes:
    for content in CONTENTS.values():
        text = base64.b64encode(content)
        lines = [text[at : at + 76] for at in range(0, len(text), 76)]
        file = file.replace(text, separator.encode().join(lines))
    return file


def _insert(random_: random.Random, file: bytes) -> bytes:
    at = random_.randrange(len(file) + 1)
    return file[:at] + random_.choice(SNIPPETS) + file[at:]


def _change(random_: random.Random, file: bytes) -> bytes:
    at = random_.randrange(len(file))
    return file[:at] + bytes([random_.randrange(256)]) + file[at + 1 :]


def _cut(random_: random.Random, file: bytes) -> bytes:
    at = random_.randrange(len(file))
    return file[:at] + file[at + random_.choice((1, 2, 3, 4, 30, 300)) :]


def _repeat(random_: random.Random, file: bytes) -> bytes:
    start = random_.randrange(len(file))
    at = random_.randrange(len(file))
    return file[:at] + file[start : start + random_.choice((1, 4, 60, 700))] + file[at:]


def _inside_base64(random_: random.Random, file: bytes) -> bytes:
    """Change something in the text of an attachment."""
    starts = [at for at in range(len(file)) if file.startswith(b"Encoded xmlns", at)]
    if not starts:
        return _insert(random_, file)
    at = file.find(b">", random_.choice(starts)) + 1 + random_.randrange(700)
    return file[:at] + random_.choice(SNIPPETS) + file[at + random_.randrange(2) :]


MUTATIONS: Final[tuple[Mutation, ...]] = (_insert, _change, _cut, _repeat, _inside_base64, _inside_base64)


def _judge(file: bytes, block: int) -> tuple[Judgement, bool]:
    """Give everything that a verdict rests on, and whether anything was spliced."""
    try:
        opened = open_file(file, block=block)
    except SchemaError as error:
        return _finding(error), False
    contents, size = opened.canonical, opened.size
    received = _message(opened, opened)
    verdict = verify(opened.tree, trust=pki.trust(), at=pki.AT, size=size, contents=contents)
    view = verdict.signed_view
    signed = None if view is None else _message(opened, Opened(tree=view.tree, size=0))
    return (verdict.facts(), tuple(map(str, verdict.errors)), received, signed), bool(contents)


def _message(opened: Opened, view: Opened) -> Judgement:
    try:
        parsed = parse(view.tree, at=pki.AT, contents=opened.contents)
    except SchemaErrors as refused:
        return tuple(_finding(error) for error in (*refused.errors, *refused.warnings))
    return parsed.message, *(_finding(warning) for warning in parsed.warnings)


def _finding(error: SchemaError) -> Judgement:
    return error.code, error.level, error.xpath, error.line, tuple(error.facts.items())


@pytest.mark.timeout(3_000)
def test_every_verdict_is_the_same(count: int) -> None:
    """Mutants are judged in blocks of several sizes and as a whole."""
    random_ = random.Random(SEED)
    documents = _documents()
    spliced = passed = read = 0
    for number in range(count):
        file = random_.choice(documents)
        for _ in range(random_.choice((0, 1, 1, 1, 2, 3))):
            file = random_.choice(MUTATIONS)(random_, file)
        block = random_.choice((7, 16, 64, 200))
        found, was_spliced = _judge(file, block)
        assert found == _judge(file, WHOLE)[0], f"seed {SEED}, document {number}, blocks of {block}: {file!r}"
        spliced += was_spliced
        passed += "TOTAL_PASSED" in str(found)
        read += "Document(" in str(found)
    assert spliced > count // 4, "too few documents were spliced to mean anything"
    assert passed > count // 20, "too few documents passed to mean anything"
    assert read > count // 5, "too few documents could be read to mean anything"
