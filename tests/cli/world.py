"""What the command-line tests work on: a small gateway whose data tells a whole exchange, and the real command beside it."""

from __future__ import annotations

import asyncio
import atexit
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import new_root
from certs.revocation import Revocation
from certs.sign import sign_enveloped
from gateway.app import Running, running
from gateway.client import Client
from gateway.client.changes import ChangeFile
from gateway.client.trust import TrustTerms
from gateway.clock import utc_now
from gateway.demo.cast import HANOI, SIDES, TUYEN_QUANG
from gateway.demo.connections import connect
from gateway.demo.exchange import Systems, exchange
from gateway.demo.narration import Narrator
from gateway.demo.pki import Identity, identities
from gateway.keys import SigningKey
from gateway.settings import Settings
from routing.agency_csv import parse_agencies
from routing.change_approval import OfficerRole
from schemas.document import Organization
from tests.support.documents import edxml
from tests.support.officers import Officer

ROOT: Final = Path(__file__).parents[2]
SECONDS: Final = 60
GONE: Final = "H54"
AGENCIES: Final = """\
code,name,parent,kind,valid_from,code_qcvn102
G22,Văn phòng Chính phủ,,central,,000.00.00.G22
H26,Ủy ban nhân dân Thành phố Hà Nội,,province,,000.00.00.H26
H26.1,Văn phòng Ủy ban nhân dân Thành phố Hà Nội,H26,department,,000.00.01.H26
H60,Ủy ban nhân dân Tỉnh Tuyên Quang,,province,,000.00.00.H60
H60.1,Văn phòng Ủy ban nhân dân Tỉnh Tuyên Quang,H60,department,,
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A gateway that runs as a process of its own, and the files with which to call it."""

    url: str
    folder: Path

    def token(self, name: str) -> str:
        """Return the token of `admin`, or of one of the sides."""
        path = self.folder / "admin.token" if name == "admin" else self.folder / "demo" / f"{name}.token"
        return path.read_text().strip()


def make_evidence(folder: Path) -> None:
    """Leave in `folder` the data of a gateway through which a letter and a status went, and a forgery did not."""
    asyncio.run(_exchange(Settings(data=folder, port=0, log_level="error")))


async def _exchange(settings: Settings) -> None:
    private = settings.data / "demo"
    keys = identities(SIDES, folder=private, trust_folder=settings.trust_folder, at=utc_now())
    narrator = Narrator()
    async with running(settings) as gateway:
        admin_token = gateway.admin_token_file.read_text().strip()
        async with Client(gateway.url, token=admin_token) as admin:
            await admin.load_agencies(AGENCIES.encode())
            tokens = await connect(narrator, admin, SIDES, keys, private)
            pem = keys[TUYEN_QUANG.code].certificate.public_bytes(Encoding.PEM)
            await admin.register_certificate(TUYEN_QUANG.code, pem)
            await _distrust(admin)
            await _change_registry(gateway.url, admin)
            spare = await admin.issue_token(label="kiểm toán", roles=["auditor"])
            await admin.revoke_token(spare.credential_id)
            async with (
                Client(gateway.url, token=tokens[HANOI.member_id]) as hanoi,
                Client(gateway.url, token=tokens[TUYEN_QUANG.member_id]) as tuyen_quang,
            ):
                systems = Systems(
                    admin=admin,
                    hanoi=hanoi,
                    tuyen_quang=tuyen_quang,
                    receipt_key=gateway.keys.receipt.verifier,
                )
                sent = await exchange(narrator, systems, keys)
                await _delivered(hanoi, sent.submitted.id)
    (private / "letter.edxml").write_bytes(sent.letter.signed)
    await _withdraw(settings, tokens[HANOI.member_id], keys[HANOI.code])
    await _give_back(settings, admin_token, tokens[HANOI.member_id], keys[HANOI.code])


async def _give_back(settings: Settings, admin_token: str, token: str, pen: Identity) -> None:
    """Send a letter to an agency at another gateway whose code is gone before it arrives, and give it back."""
    xml = edxml(sender=Organization(organ_id=HANOI.code), recipients=(Organization(organ_id=GONE),))
    letter = sign_enveloped(xml, key=pen.key, certificates=(pen.certificate,))
    async with (
        running(settings) as gateway,
        Client(gateway.url, token=admin_token) as admin,
        Client(gateway.url, token=token) as hanoi,
    ):
        await _load(gateway, f"{AGENCIES}{GONE},Ủy ban nhân dân tỉnh Phú Thọ,,province,,\n")
        other = SigningKey(name="gw.other/axis", private=Ed25519PrivateKey.generate()).verifier
        for shares in (False, True):
            await admin.registry.put_peer("gw.other", verifier_key=other, shares_payloads=shares)
        await admin.add_member("phutho", name="Phú Thọ", prefixes=[GONE], gateway="gw.other")
        sent = await hanoi.submit_document(letter)
        await _comes_to(hanoi, sent.id, "confirmed")
        await _load(gateway, AGENCIES)
        await _comes_to(hanoi, sent.id, "held")
        await admin.under_way.resolve(GONE, to=None, reason="Không có nơi kế thừa")
        await admin.registry.end_peer("gw.other")


async def _load(gateway: Running, listed: str) -> None:
    """Put a whole list in force behind the back of the API, which would ask for two officers."""
    agencies = parse_agencies(listed.encode())
    await gateway.store.registry.load_agencies(agencies, actor="test", source_sha256="00" * 32)


async def _comes_to(client: Client, message_id: str, state: str) -> None:
    while any(each.state != state for each in (await client.document(message_id)).deliveries):
        await asyncio.sleep(0.01)


async def _withdraw(settings: Settings, token: str, pen: Identity) -> None:
    """Park a letter where every certificate must be known not to be revoked, and take it back."""
    xml = edxml(
        sender=Organization(organ_id=HANOI.code), recipients=(Organization(organ_id=TUYEN_QUANG.code),)
    )
    letter = sign_enveloped(xml, key=pen.key, certificates=(pen.certificate,))
    strict = dataclasses.replace(settings, revocation=Revocation.REQUIRE)
    async with running(strict) as gateway, Client(gateway.url, token=token) as hanoi:
        parked = await hanoi.submit_document(letter)
        await hanoi.parked.withdraw(parked.id)


async def start_and_stop(folder: Path) -> None:
    """Leave in `folder` the data of a gateway that did nothing."""
    async with running(Settings(data=folder, port=0, log_level="error")):
        return


async def _distrust(admin: Client) -> None:
    """Rely on an authority on all kinds of terms, and stop again."""
    certificate = new_root("Tổ chức chứng thực đã thôi tin cậy", utc_now()).certificate
    terms = TrustTerms(
        usages=["timestamp"],
        trusted_from=utc_now() - timedelta(days=30),
        trusted_until=utc_now() + timedelta(days=30),
        revocation="require",
        codes=["H26", "H60.1"],
        note="thử nghiệm",
    )
    added = await admin.trust.add(certificate.public_bytes(Encoding.PEM).decode(), terms)
    await admin.trust.retire(added.certificate.sha256, reason="hết thử nghiệm")


async def _change_registry(url: str, admin: Client) -> None:
    """Let two officers change the registry from tomorrow on."""
    officers = [Officer(name=name) for name in ("an", "binh")]
    tokens = []
    for officer in officers:
        made = await admin.issue_token(label=officer.name, roles=["registry"])
        await admin.changes.register_key(made.credential_id, officer.verifier_key)
        tokens.append(made.token)
    at = (utc_now() + timedelta(days=1)).isoformat()
    rows = f"op,code,name,parent,kind,valid_from\nopen,H26.9,Sở Nội vụ,H26,department,{at}\n"
    file = ChangeFile(name="them.csv", media="text/csv", content=rows.encode())
    async with Client(url, token=tokens[0]) as proposer, Client(url, token=tokens[1]) as approver:
        change = await proposer.changes.draft(file, title="Thêm Sở Nội vụ", legal_basis="QĐ 1/QĐ-UBND")
        signed = officers[0].sign(change, OfficerRole.PROPOSER, at=utc_now())
        await proposer.changes.propose(change["id"], signed)
        signed = officers[1].sign(change, OfficerRole.APPROVER, at=utc_now())
        await approver.changes.approve(change["id"], signed)
        while (await approver.changes.show(change["id"]))["state"] != "scheduled":
            await asyncio.sleep(0.01)


async def _delivered(client: Client, message_id: str) -> None:
    while any(each.state != "acknowledged" for each in (await client.document(message_id)).deliveries):
        await asyncio.sleep(0.01)


def copy_evidence(source: Path, target: Path) -> Path:
    """Copy the data of a gateway, so that it can be altered; return the copied database."""
    shutil.copytree(source, target)
    return target / "vanthu.db"


def command(
    *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own, and wait for its end."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *map(str, arguments)],
        cwd=ROOT,
        env={**clean_environment(), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@contextmanager
def started(*arguments: str | Path, until: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run the real command until its output has a line with `until`; yield the process and the lines so far."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", *map(str, arguments)],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process, _read_until(process, until)
        finally:
            if process.poll() is None:
                process.kill()


def _read_until(process: subprocess.Popen[str], until: str) -> list[str]:
    lines: list[str] = []
    for line in process.stdout or ():
        lines.append(line)
        if until in line:
            return lines
    raise AssertionError(f"it ended without {until!r}: {''.join(lines)}")


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Run `vanthu serve` on a data folder, and stop it gracefully."""
    with started("serve", "--port", "0", "--data", folder, until="listening") as (process, lines):
        # A pipe that nobody reads is full some day, and then whoever writes to it stands still.
        drain = Thread(target=deque, args=(process.stdout or (),), kwargs={"maxlen": 1}, daemon=True)
        drain.start()
        yield Served(url=json.loads(lines[-1])["url"], folder=folder)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=SECONDS)
        drain.join()
    assert process.returncode == 0


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would steer the command, and with a place for compiled modules."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VANTHU_")}
    return {**kept, "PYTHONPYCACHEPREFIX": _compiled(), "PYTHONDONTWRITEBYTECODE": ""}


@cache
def _compiled() -> str:
    """Make a folder in which all commands of this run share what was compiled; it goes when the run ends."""
    folder = TemporaryDirectory(prefix="vanthu-compiled-")
    atexit.register(folder.cleanup)
    return folder.name


def lines_wider_than(width: int, text: str) -> Sequence[str]:
    """Return the lines that do not fit."""
    return [line for line in text.splitlines() if len(line.rstrip()) > width]
