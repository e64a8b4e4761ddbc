"""The work behind `vanthu verdict replay`: have a gateway judge again, and show both verdicts side by side."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rich.console import Console

from certs.indication import Indication
from gateway.cli import remote
from gateway.cli.exits import Exit
from gateway.cli.moments import moment
from gateway.cli.output import local, read_file, show_facts, show_fault, show_verdict
from gateway.cli.portrayal import WORDS
from gateway.cli.verification.report import EXITS
from gateway.client import Client, Fault
from gateway.client.verdicts import Replayed


def replay(
    document: str, *, policy: Path | None, at: datetime | None, url: str, token: str, as_json: bool
) -> Exit:
    """Judge a document again, print the verdict, and return the exit that says its indication.

    Raises:
        ClientError: the gateway refused or did not answer.
        UnreadableFileError: the policy cannot be read.

    """
    text = None if policy is None else read_file(policy).decode("utf-8", "replace")
    judged: list[Replayed] = []

    async def work(client: Client) -> remote.Result:
        found = await client.verdicts.replay(document, at=moment(at) if at is not None else None, policy=text)
        judged.append(found)
        return remote.Result(value=found, show=lambda console: _show(console, found))

    remote.run(work, url=url, token=token, as_json=as_json)
    return EXITS[Indication(judged[0].verdict["indication"])]


def _show(console: Console, replayed: Replayed) -> None:
    now, before = replayed.verdict, replayed.before
    indication = Indication(now["indication"])
    good, vi, en = WORDS[indication]
    sub = now.get("sub_indication")
    show_verdict(console, good=good, vi=vi, en=f"{en} / {sub}" if sub else en)
    show_facts(
        console,
        [
            ("mã tra cứu · id", replayed.id),
            ("sha256", replayed.sha256),
            ("nhận lúc · came at", f"{local(replayed.found_at)} (+07)"),
            ("xét tại · judged as of", f"{local(replayed.at)} (+07)"),
            ("đã có lúc · existed at", f"{now.get('best_signature_time')}  {now.get('time_source')}"),
            ("người ký · signer", now.get("signer_subject")),
            ("chính sách · policy", now.get("policy")),
            ("kết luận trước · before", before.get("indication")),
            ("theo · under", before.get("policy")),
        ],
    )
    for finding in replayed.findings:
        console.print()
        show_fault(console, Fault.read(finding))
