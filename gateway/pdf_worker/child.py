"""The process that reads PDF files: one file name a line on standard input, one line of JSON with facts on standard output.

Started by `gateway.pdf_worker.client` only (`python -m gateway.pdf_worker.child`). It decides nothing: what a file's signatures
are worth is for whoever asked (`certs.pdf`). Invariants: a line is answered by exactly one line, or the process ends; after a
lack of memory it ends, since nobody knows what state it is in.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Final

import msgspec

from certs.pdf_facts import PdfFacts
from certs.pdf_rules import Obstacle
from gateway.pdf_worker.confinement import confine, one_file, seconds_for
from gateway.pdf_worker.question import Question
from gateway.pdf_worker.unneeded import leave_out

READY: Final = b"ready\n"
MAX_SIZE: Final = 256 * 2**20
"""Octets of a file; no message may be larger."""

_LATE: Final = (
    "lxml.etree",
    "encodings.idna",
    "encodings.utf_16",
    "encodings.utf_16_be",
    "encodings.latin_1",
    "encodings.ascii",
    "pyhanko.pdf_utils.crypt._saslprep",
    "pyhanko.pdf_utils.crypt.pdfmac",
    "pyhanko.pdf_utils.filters",
    "pyhanko.pdf_utils.metadata.xmp_xml",
)
"""What pyHanko imports where it needs it; by then no file can be opened any more."""


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    reading = prepare()
    confine()
    answers.write(READY)
    for line in sys.stdin.buffer:
        facts = examine(msgspec.json.decode(line, type=Question), reading)
        answers.write(msgspec.json.encode(facts) + b"\n")
        if facts.obstacle is Obstacle.MEMORY:
            return


def prepare() -> ModuleType:
    """Import everything that reading needs, now or later, and return the module that reads."""
    logging.disable(logging.CRITICAL)
    leave_out()
    reading = importlib.import_module("certs.pdf_reading")
    for name in _LATE:
        importlib.import_module(name)
    return reading


def examine(question: Question, reading: ModuleType) -> PdfFacts:
    """Return the facts about one file; whatever goes wrong is one of them."""
    try:
        with Path(os.fsdecode(question.path)).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            if size > MAX_SIZE:
                return PdfFacts.undecided(Obstacle.SIZE)
            left = question.seconds - time.process_time() if question.seconds is not None else None
            with one_file(size, seconds_for(size, left)):
                facts: PdfFacts = reading.read_pdf(file)
                file.seek(0)
                return replace(facts, sha256=hashlib.file_digest(file, "sha256").hexdigest())
    except MemoryError:
        return PdfFacts.undecided(Obstacle.MEMORY)
    except Exception:  # noqa: BLE001 - the libraries promise no class of error; whatever it is, this file was not decided
        return PdfFacts.undecided(Obstacle.ERROR)


if __name__ == "__main__":
    main()
