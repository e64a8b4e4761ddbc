"""Reading what `vanthu receipt verify` is given: receipts, verifier keys and proofs, in files that anybody may have written.

Invariant: what is not plainly right is refused with the file's name; JSON that two readers could read differently (a member
twice, a number that is none) is not read at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from gateway.cli.output import UnreadableFileError, read_file
from routing.errors_log import LogError
from routing.note import Verifier, parse_verifier_key

LARGEST: Final = 32 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys to believe, and by their labels until when; a key that is not named there is not known to have ended."""

    verifiers: tuple[Verifier, ...] = ()
    ends: Mapping[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That an entry is in the log of a signed checkpoint."""

    index: int
    leaf_sha256: str
    nodes: tuple[bytes, ...]
    checkpoint: str


def read_receipts(path: Path) -> list[dict[str, object]]:
    """Return the signed receipts in a file: of `receipt get`, one by itself, or in the answer to sending.

    Raises:
        UnreadableFileError: it is no such file.

    """
    value = _json(path)
    if isinstance(value, dict):
        listed = value.get("receipts")
        if isinstance(listed, list) and all(isinstance(each, dict) for each in listed):
            return listed
        if "signature" in value:
            return [value]
        if isinstance(value.get("receipt"), dict):
            return [value["receipt"]]
    raise UnreadableFileError(vi=f"{path} không phải tệp biên nhận", en=f"{path} is not a file with receipts")


def read_keys(given: Iterable[str]) -> Keys:
    """Read verifier keys from the command line: each a key, or a file with keys one a line or as `receipt keys` wrote it.

    Raises:
        UnreadableFileError: one of them is neither.

    """
    verifiers: list[Verifier] = []
    ends: dict[str, datetime] = {}
    for text in given:
        for verifier, until in _keys(text):
            verifiers.append(verifier)
            if until is not None:
                ends[verifier.label] = until
    return Keys(verifiers=tuple(verifiers), ends=ends)


def read_proof(path: Path) -> Proof:
    """Read a proof as GET /v1/log/entries/{index}/proof gives it; only what has to be believed is looked at.

    Raises:
        UnreadableFileError: it is none.

    """
    value = _json(path)
    try:
        proof = Proof(
            index=value["index"],
            leaf_sha256=str(value["leaf_sha256"]),
            nodes=tuple(map(bytes.fromhex, value["proof"])),
            checkpoint=value["checkpoint"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableFileError(
            vi=f"{path} không phải bằng chứng", en=f"{path} is not a proof ({type(error).__name__})"
        ) from error
    if type(proof.index) is not int or not isinstance(proof.checkpoint, str):
        raise UnreadableFileError(vi=f"{path} không phải bằng chứng", en=f"{path} is not a proof")
    return proof


def _keys(text: str) -> Iterator[tuple[Verifier, datetime | None]]:
    try:
        yield parse_verifier_key(text), None
    except LogError as error:
        if not Path(text).is_file():
            raise UnreadableFileError(vi=f"Không đọc được khóa kiểm tra: {text}", en=str(error)) from error
        yield from _keys_of_file(Path(text))


def _keys_of_file(path: Path) -> Sequence[tuple[Verifier, datetime | None]]:
    content = read_file(path)
    try:
        if not content.lstrip().startswith(b"{"):
            return [(parse_verifier_key(line), None) for line in content.decode().split()]
        return [
            (parse_verifier_key(each["verifier_key"]), _moment(each.get("valid_until")))
            for each in _json(path)["keys"]
        ]
    except (LogError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableFileError(
            vi=f"{path} không phải tệp khóa kiểm tra", en=f"{path} is not a file of verifier keys: {error}"
        ) from error


def _moment(text: object) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment


def _json(path: Path) -> Any:  # noqa: ANN401 - anything that JSON can say
    content = read_file(path)
    if len(content) > LARGEST:
        raise UnreadableFileError(vi=f"{path} quá lớn", en=f"{path} is larger than {LARGEST} bytes")
    try:
        return json.loads(content.decode(), object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(
            vi=f"{path} không phải JSON hợp lệ", en=f"{path} is not plain JSON: {error}"
        ) from error


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(members)
    if len(read) != len(members):
        raise ValueError("a member stands in it twice")
    return read


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
