"""The work behind `vanthu registry key`: making a key here, and making its public half known to a gateway."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console

from gateway.cli.drafts import refuse_existing
from gateway.cli.output import (
    UnreadableFileError,
    local,
    make_console,
    print_json,
    show_facts,
    show_table,
    show_verdict,
    unreadable,
)
from gateway.cli.remote import Result, Work
from gateway.client import Client
from gateway.errors import GatewayError
from gateway.keys.files import make_key, read_key
from routing.errors_log import LogError
from routing.note import Verifier

SUFFIX = ".key"


def new(file: Path, *, name: str | None, as_json: bool) -> None:
    """Make a key, and print its public half.

    Raises:
        UnreadableFileError: there is a file already, or none can be made, or the name cannot be a key's.

    """
    refuse_existing(file, force=False)
    # Before anything is written: is the name one that a key can have?
    chosen = _name(file, name)
    try:
        make_key(file)
    except OSError as error:
        raise unreadable(file, error) from error
    _print(file, chosen, as_json=as_json, vi="Đã tạo khóa; giữ kín tệp này", en="made; keep this file secret")


def show(file: Path, *, name: str | None, as_json: bool) -> None:
    """Print the public half of a key."""
    _print(file, _name(file, name), as_json=as_json, vi="Phần công khai của khóa", en="the public half")


def read_officer_key(path: Path) -> Ed25519PrivateKey:
    """Return the key in a file.

    Raises:
        UnreadableFileError: it cannot be used, or others may read it.

    """
    try:
        return read_key(path)
    except GatewayError as error:
        vi, en = (text.format(**error.facts) for text in (error.vi, error.en))
        raise UnreadableFileError(vi=vi, en=en) from error


def register(credential: str, verifier_key: str) -> Work:
    """Make a key known as that of a token's holder."""

    async def work(client: Client) -> Result:
        made = await client.changes.register_key(credential, verifier_key)

        def tell(console: Console) -> None:
            show_verdict(console, good=True, vi="Đã đăng ký khóa", en="registered")
            show_facts(
                console, [("mã truy cập · token", made["credential_id"]), ("khóa · key", verifier_key)]
            )

        return Result(value=made, show=tell)

    return work


def list_keys() -> Work:
    """List the keys of officers."""

    async def work(client: Client) -> Result:
        found = await client.changes.officers()
        rows = [
            (
                each["credential_id"],
                each["verifier_key"],
                local(datetime.fromisoformat(each["since"])),
                local(datetime.fromisoformat(each["until"])) if each["until"] else "",
            )
            for each in found["items"]
        ]
        heads = ("mã truy cập · token", "khóa · key", "từ · since", "đến · until")
        return Result(value=found, show=lambda console: show_table(console, heads, rows))

    return work


def _name(file: Path, name: str | None) -> str:
    chosen = name or file.name.removesuffix(SUFFIX)
    if not chosen or any(letter.isspace() or letter == "+" for letter in chosen):
        raise UnreadableFileError(
            vi=f"Tên khóa “{chosen}” không dùng được: không có khoảng trắng hoặc dấu +; dùng --name",
            en=f"“{chosen}” cannot name a key: no white space and no plus sign; use --name",
        )
    return chosen


def _print(file: Path, name: str, *, as_json: bool, vi: str, en: str) -> None:
    try:
        verifier = Verifier.of(name, read_officer_key(file).public_key())
    except LogError as error:
        raise UnreadableFileError(vi=f"Tên khóa không dùng được: {name}", en=str(error)) from error
    if as_json:
        print_json({"file": str(file), "name": name, "verifier_key": str(verifier)})
        return
    # The key alone goes to standard output, so that a script can take it from there.
    show_verdict(make_console(error=True), good=True, vi=vi, en=en)
    make_console().print(str(verifier), soft_wrap=True)
