"""The verbs of `vanthu`, assembled: one module per group of them.

Invariant: everything heavy is imported by a verb when it runs, so that `vanthu --help` answers at once.
"""

from __future__ import annotations

import typer

from gateway.cli import (
    access,
    agency,
    axis,
    certificates,
    check,
    compose,
    dead_letters,
    demo,
    inbox,
    ledger,
    log,
    notices,
    parked,
    peer,
    policy,
    receipt,
    registry,
    schema,
    send,
    serve,
    show,
    snapshot,
    trust,
    verdict,
    verify,
    version,
)
from gateway.cli.exits import LEGEND

app = typer.Typer(
    name="vanthu",
    help="Cổng liên thông văn bản: kiểm tra chữ ký và mã định danh, ghi nhật ký, chuyển văn bản edXML.\n\n"
    "A document-routing gateway for official correspondence in edXML.",
    epilog=LEGEND,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("verify")(verify.verify)
app.command("policy")(policy.policy)
app.command("schema")(schema.schema)
app.command("show")(show.show)
app.command("compose")(compose.compose)
app.command("send")(send.send)
app.command("notices")(notices.notices)
app.add_typer(inbox.app, name="inbox")
app.add_typer(parked.app, name="parked")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(receipt.app, name="receipt")
registry.app.add_typer(snapshot.app, name="snapshot")
app.add_typer(registry.app, name="registry")
app.add_typer(agency.app, name="agency")
app.add_typer(access.member_app, name="member")
app.add_typer(peer.app, name="peer")
app.add_typer(access.token_app, name="token")
app.add_typer(certificates.app, name="cert")
app.add_typer(trust.app, name="trust")
app.add_typer(axis.app, name="axis")
app.add_typer(log.app, name="log")
app.add_typer(verdict.app, name="verdict")
app.command("ledger")(ledger.ledger)
app.command("version")(version.version)
