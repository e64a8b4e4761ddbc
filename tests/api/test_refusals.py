"""Bad input: each gets a problem document with its stable code in both languages, leaves an entry, and stores nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.api.problem_status import STATUS
from gateway.records import IdempotencyKey
from routing.log import Kind
from schemas.document import Organization
from schemas.names import KNOWN_WRONG, NAMESPACE
from tests.api.world import NOW, World, a_document, identity, signed, unsigned_document, world
from tests.support.documents import edit, find

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEGACY = (
    f'<Signature xmlns="{NAMESPACE}"><SignedInfo/><SignatureValue>AAAA</SignatureValue>'
    "<KeyInfo><X509Data><X509SubjectName>CN=user05</X509SubjectName></X509Data></KeyInfo></Signature>"
)


def to(*codes: str) -> dict[str, Any]:
    """Address a document to these codes."""
    return {"recipients": tuple(Organization(organ_id=code) for code in codes)}


def sender(code: str) -> dict[str, Any]:
    """Let a document come from this code."""
    return {"sender": Organization(organ_id=code)}


def without(path: str) -> Callable[[etree._Element], None]:
    """Remove an element."""

    def change(root: etree._Element) -> None:
        element = find(root, path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return change


def two_senders(root: etree._Element) -> None:
    """Repeat From."""
    element = find(root, "MessageHeader/From")
    element.addnext(etree.fromstring(etree.tostring(element)))


def tampered_attachment() -> bytes:
    """Change one character of an attachment after signing."""

    def change(root: etree._Element) -> None:
        (attachment,) = root.iter(f"{{{NAMESPACE}}}AttachmentEncoded")
        (content,) = (each for each in attachment.iter() if each.text and len(each.text.strip()) > 40)
        text = content.text or ""
        content.text = ("K" if text[0] != "K" else "L") + text[1:]

    return edit(a_document(), change)


def broken_signature() -> bytes:
    """Change the signature value, but not what was signed."""

    def change(root: etree._Element) -> None:
        (value,) = root.iter("{*}SignatureValue")
        text = value.text or ""
        value.text = ("A" if text[0] != "A" else "B") + text[1:]

    return edit(a_document(), change)


def legacy_signature() -> bytes:
    """Write the placeholder that today's senders write."""
    return edit(unsigned_document(), lambda root: find(root, "edXMLHeader").append(etree.fromstring(LEGACY)))


def with_doctype() -> bytes:
    """Declare an entity that reads a file."""
    doctype = b'<!DOCTYPE edXML [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
    declaration, _, rest = a_document().partition(b"\n")
    return declaration + b"\n" + doctype + rest


def in_namespace(namespace: str) -> bytes:
    """Put a document into another namespace."""
    return unsigned_document().replace(NAMESPACE.encode(), namespace.encode())


BAD: dict[str, tuple[str, Callable[[], bytes]]] = {
    "empty": ("schema.not_xml", lambda: b""),
    "not XML": ("schema.bytes_before_xml", lambda: b"Kinh gui: xin gui tep dinh kem"),
    "not well-formed": ("schema.not_xml", lambda: a_document()[:-20]),
    "another format": ("schema.not_xml", lambda: b"<html><p>edXML</html>"),
    "bytes before XML": ("schema.bytes_before_xml", lambda: b"\r\nPK" + a_document()),
    "not UTF-8": ("schema.not_utf8", lambda: a_document().replace(b"VPCP", b"VP\xffP")),
    "DTD": ("schema.doctype_forbidden", with_doctype),
    "too deep": ("schema.too_complex", lambda: b"<a>" * 100 + b"</a>" * 100),
    "wrong root": ("schema.wrong_root", f'<eDoc xmlns="{NAMESPACE}"/>'.encode),
    "unknown namespace": ("schema.wrong_namespace", lambda: in_namespace("urn:example:edxml")),
    **{
        f"namespace “{name}”": ("schema.wrong_namespace", partial(in_namespace, name))
        for name in KNOWN_WRONG
        if name
    },
    "missing element": (
        "schema.missing_element",
        lambda: signed(edit(unsigned_document(), without("MessageHeader/Subject")), identity("H26")),
    ),
    "two From": (
        "schema.repeated_element",
        lambda: signed(edit(unsigned_document(), two_senders), identity("H26")),
    ),
    "sender is null": ("schema.agency_code_null", lambda: a_document(**sender("null"))),
    "letter from another alphabet": ("schema.agency_code_character", lambda: a_document(**to("Н53"))),
    "no code at all": ("schema.malformed_agency_code", lambda: a_document(**to("TayNinh"))),
    "unknown sender": ("registry.unknown_code", lambda: a_document(**sender("H99"))),
    "unknown recipient": ("registry.unknown_code", lambda: a_document(**to("H53", "H35"))),
    "recipient without a system": ("routing.recipient_not_connected", lambda: a_document(**to("G22"))),
    "sender of another system": (
        "access.sender_not_bound",
        lambda: a_document(by=identity("H53"), **sender("H53"), **to("H26")),
    ),
    "signed by another agency": ("access.signer_not_bound", lambda: a_document(by=identity("H53"))),
    "no signature": ("certs.no_signature", unsigned_document),
    "placeholder signature": ("certs.legacy_signature", legacy_signature),
    "broken signature": ("certs.signature_wrong", broken_signature),
    "tampered attachment": ("certs.digest_mismatch", tampered_attachment),
    "untrusted certificate": (
        "certs.untrusted_certificate",
        lambda: a_document(by=identity("H26", trusted=False)),
    ),
    "expired certificate": (
        "certs.certificate_expired",
        lambda: a_document(by=identity("H26", expired=True)),
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_document(gateway: World, name: str) -> None:
    """It is refused with its code in both languages, one entry in the log, and nothing in the store."""
    code, make = BAD[name]
    body = make()
    before = len(await gateway.refusals(code))

    vi = await gateway.send(body)
    en = await gateway.send(body, headers={"Accept-Language": "en"})

    assert (vi.status, vi.json["code"]) == (STATUS[code], code), vi.json
    assert vi.headers["Content-Type"] == "application/problem+json"
    assert (vi.headers["Content-Language"], en.headers["Content-Language"]) == ("vi", "en")
    assert (vi.json["detail"], en.json["detail"]) == (vi.json["vi"], vi.json["en"])
    assert all(vi.json[text] for text in ("vi", "en", "fix_vi", "fix_en"))
    assert vi.json["type"] == f"/errors#{code}"
    assert vi.json["outcome"] == "refused"
    entries = await gateway.refusals(code)
    assert len(entries) - before == 2
    assert {entry.kind for entry in entries[before:]} == {Kind.REJECTED}
    assert await _is_unknown(gateway, body)
    assert list(gateway.context.spool.iterdir()) == []


async def _is_unknown(gateway: World, body: bytes) -> bool:
    """Tell whether the store holds neither these bytes nor a message of them."""
    sha256 = hashlib.sha256(body).hexdigest()
    key = IdempotencyKey(scope="body", owner="hanoi", key=sha256)
    documents = gateway.store.documents
    return not await documents.bodies([sha256]) and await documents.replay([key], sha256) is None


async def test_entry_of_a_refusal_is_its_explanation(gateway: World) -> None:
    """The entry holds what the decision rested on: registry, trust, verdict, payload, all codes, and no subject."""
    await gateway.send(a_document(by=identity("H53"), subject="Tối mật"))

    entry = (await gateway.refusals("access.signer_not_bound"))[-1]

    assert {"registry_version", "registry_sha256", "trust_version", "verdict", "payload_sha256"} <= set(
        entry.fields
    )
    assert (entry.fields["sender"], entry.fields["member"]) == ("H26", "hanoi")
    assert "Tối mật" not in str(entry.fields)


async def test_all_findings_are_told_at_once(gateway: World) -> None:
    """A document with several faults hears all of them, and where they are."""
    answer = await gateway.send(a_document(by=identity("H53"), **to("H35", "H53.99")))

    codes = [finding["code"] for finding in answer.json["errors"]]
    assert codes.count("registry.unknown_code") == 2
    assert "access.signer_not_bound" in codes


async def test_unknown_code_names_similar_ones(gateway: World) -> None:
    """A mistyped code hears which codes are like it."""
    answer = await gateway.send(a_document(**to("H35")))

    assert re.search(r"Mã gần giống: .*H53", answer.json["fix_vi"])
    assert "H53" in answer.json["fix_en"]


async def test_wrong_namespace_is_named(gateway: World) -> None:
    """The known wrong namespaces are recognised, and the right one is told."""
    answer = await gateway.send(in_namespace("http://www.e-doc.vn/Schema/"))

    assert "SOAP" in answer.json["en"]
    assert NAMESPACE in answer.json["fix_vi"]


async def test_place_in_the_file(gateway: World) -> None:
    """A finding about an element says where it is, and which clause counts."""
    xml = signed(edit(unsigned_document(), without("MessageHeader/Subject")), identity("H26"))

    answer = await gateway.send(xml)

    assert "MessageHeader" in answer.json["where"]["xpath"]
    assert answer.json["errors"][0]["where"] == answer.json["where"]
    assert answer.json["clause"].startswith("QCVN 102:2016/BTTTT, mục 1")
    assert answer.json["errors"][0]["clause"] == answer.json["clause"]


async def test_without_trust_anchors_nothing_is_decided(tmp_path: Path) -> None:
    """Where no certificate can be judged, the answer is neither yes nor no: the document is kept until there are anchors."""
    async with world(tmp_path, trusted=False) as gateway:
        answer = await gateway.send(a_document())

        assert (answer.status, answer.json["outcome"]) == (202, "parked")
        assert answer.json["reason"]["code"] == "certs.no_trust_anchors"
        (entry,) = await gateway.refusals("certs.no_trust_anchors")
        assert entry.kind is Kind.PARKED


async def test_without_agencies_nothing_is_decided(tmp_path: Path) -> None:
    """An empty registry knows nobody, which is no reason to refuse anybody for good."""
    async with world(tmp_path, agencies="") as gateway:
        answer = await gateway.send(a_document())

        assert (answer.status, answer.json["code"]) == (503, "registry.empty")
        assert answer.json["outcome"] == "undecided"
        assert answer.headers["Retry-After"] == "5"
        (entry,) = await gateway.refusals("registry.empty")
        assert entry.kind is Kind.UNDECIDED


async def test_retry_after_the_certificate_expired(tmp_path: Path) -> None:
    """What was accepted stays accepted: a retry hears the first answer although it would not pass any more."""
    async with world(tmp_path) as gateway:
        body = a_document()
        first = await gateway.send(body)
        gateway.clock.now = NOW + timedelta(days=500)

        second = await gateway.send(body)
        third = await gateway.send(a_document())

        assert (second.status, second.body) == (201, first.body)
        assert third.json["code"] == "certs.certificate_expired"
