"""The process that reads PDF files: it answers for several, and whatever one does to it, that file was not decided."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from pyhanko.pdf_utils.crypt.pubkey import RecipientEncryptionPolicy
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter
from pyhanko.sign import fields

from certs.issue import KeyType
from certs.pdf_facts import PdfFacts
from certs.pdf_reading import read_pdf
from certs.pdf_rules import Obstacle
from gateway.pdf_worker.client import PdfWorker, _ending
from gateway.pdf_worker.confinement import (
    LEAST_SECONDS,
    MOST_SECONDS,
    SECONDS,
    SECONDS_PER_MEBIBYTE,
    seconds_for,
)
from tests.support import pdf_attacks, pki
from tests.support.pdf import asn1, page, sign, update, with_validation_data

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture
def worker() -> Iterator[PdfWorker]:
    """Return a worker, and end its process afterwards."""
    with PdfWorker() as started:
        yield started


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """Return a signed PDF."""
    file = tmp_path / "đã ký.pdf"
    file.write_bytes(sign(page()))
    return file


def _process(worker: PdfWorker) -> subprocess.Popen[bytes]:
    process = worker._process
    assert process is not None
    return process


def _file(folder: Path, content: bytes) -> Path:
    file = folder / "file.pdf"
    file.write_bytes(content)
    return file


def _counts(facts: PdfFacts) -> tuple[int, Obstacle | None]:
    return len(facts.signatures), facts.obstacle


def test_several_files(worker: PdfWorker, signed: Path, tmp_path: Path) -> None:
    """One process reads file after file, good and bad ones."""
    assert _counts(worker.read(signed)) == (1, None)
    first = _process(worker)
    assert worker.read(_file(tmp_path, b"rubbish")).unreadable is not None
    assert (
        worker.read(_file(tmp_path, with_validation_data(sign(sign(page()), field="B")))).sha256 is not None
    )
    assert _counts(worker.read(signed)) == (1, None)
    assert _process(worker) is first


def test_no_such_file(worker: PdfWorker, signed: Path, tmp_path: Path) -> None:
    """A file that is not there was not decided, nor is a folder, and the next one is read."""
    assert _counts(worker.read(tmp_path / "none")) == (0, Obstacle.ERROR)
    assert _counts(worker.read(tmp_path)) == (0, Obstacle.ERROR)
    assert _counts(worker.read(signed)) == (1, None)


def test_process_that_was_killed(worker: PdfWorker, signed: Path) -> None:
    """A process that ended between two files is replaced without anybody noticing."""
    worker.read(signed)
    process = _process(worker)
    process.kill()
    process.wait()

    assert _counts(worker.read(signed)) == (1, None)
    assert _process(worker) is not process


def test_process_that_dies_over_a_file(worker: PdfWorker, signed: Path, tmp_path: Path) -> None:
    """A process that dies over a file leaves that one undecided, and only that one."""
    worker.read(signed)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = _process(worker)
    # Opening a named pipe waits for a writer, so the process is certainly at it.
    threading.Timer(0.3, process.kill).start()

    assert _counts(worker.read(pipe)) == (0, Obstacle.CRASH)
    assert _counts(worker.read(signed)) == (1, None)


def test_process_that_hangs(tmp_path: Path) -> None:
    """A process that does not answer in time is killed."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with PdfWorker(reading=0.5) as worker:
        worker.start()
        assert _counts(worker.read(pipe)) == (0, Obstacle.TIME)
        assert worker._process is None


def test_process_that_stops(worker: PdfWorker, signed: Path) -> None:
    """A process that was stopped does not hold up whoever asks."""
    with PdfWorker(reading=0.3) as impatient:
        assert _counts(impatient.read(signed))[0] in {0, 1}
        impatient.start()
        process = _process(impatient)
        os.kill(process.pid, signal.SIGSTOP)
        assert impatient.read(signed).obstacle is not None
        assert process.poll() is not None


def test_process_that_cannot_start(signed: Path) -> None:
    """Without a process nothing is decided."""
    with PdfWorker(starting=0.0) as worker:
        assert _counts(worker.read(signed)) == (0, Obstacle.ABSENT)


def test_file_that_takes_longer_than_a_command_may(tmp_path: Path) -> None:
    """Where nothing is left of what a command may take, a maze is not decided and its process ended."""
    with PdfWorker(in_all=0.0) as worker:
        worker.start()
        process = _process(worker)
        assert _counts(worker.read(_file(tmp_path, HOSTILE["many numbers"]()))) == (0, Obstacle.TIME)
        assert process.returncode == -signal.SIGPROF
        assert worker._process is None


@pytest.mark.parametrize(
    ("number", "obstacle"),
    [
        (signal.SIGPROF, Obstacle.TIME),
        (signal.SIGXCPU, Obstacle.TIME),
        (signal.SIGSEGV, Obstacle.CRASH),
    ],
)
def test_why_a_process_ended(number: signal.Signals, obstacle: Obstacle) -> None:
    """The limits on processor time end a process by signals of their own."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        process.send_signal(number)
        process.wait()
        assert _ending(process) is obstacle


def test_time_for_a_file() -> None:
    """What is left of a command's time is all there is for a file of up to a mebibyte, and never nothing."""
    assert seconds_for(10_000, 0.5) == seconds_for(2**20, 0.5) == 0.5
    assert seconds_for(10_000, -3.0) == seconds_for(2**20, 0.0) == LEAST_SECONDS
    assert seconds_for(2 * 2**20, 0.5) == 0.5 + SECONDS_PER_MEBIBYTE
    assert seconds_for(2**20) == SECONDS + SECONDS_PER_MEBIBYTE
    assert seconds_for(2**30) == seconds_for(2**30, 0.5) == MOST_SECONDS


def _object_stream(data: bytes) -> bytes:
    """Return a PDF whose catalog is in a compressed object stream with `data` after it."""
    packed = zlib.compress(b"1 0 " + b"<</Type/Catalog>>" + data, 9)
    body = b"%PDF-1.7\n"
    stream_at = len(body)
    body += b"2 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(packed)
    body += packed + b"\nendstream\nendobj\n"
    table_at = len(body)
    rows = b"\x00\x00\x00\x00\xff" + b"\x02\x00\x00\x02\x00"
    rows += b"\x01" + stream_at.to_bytes(3) + b"\x00" + b"\x01" + table_at.to_bytes(3) + b"\x00"
    body += b"3 0 obj\n<</Type/XRef/Size 4/W[1 3 1]/Root 1 0 R/Length %d>>stream\n" % len(rows)
    return body + rows + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % table_at


HOSTILE: Final[dict[str, Callable[[], bytes]]] = {
    "bomb": lambda: _object_stream(bytes(400_000_000)),
    "nested arrays": lambda: page().replace(b"/Type /Catalog", b"/Type /Catalog /X " + b"[" * 50_000),
    "nested in stream": lambda: _object_stream(b"")[:-6] + b"[" * 100_000,
    "circular pages": lambda: sign(page()).replace(b"/Kids [", b"/Kids [1 0 R "),
    "endless chain": lambda: page().replace(b"/Root", b"/Prev 100 /Root"),
    "many numbers": lambda: b"%PDF-1.7\n" + b"9" * 1_000_000 + b"\nstartxref\n9\n%%EOF",
    "huge count": lambda: b"%PDF-1.7\nxref\n0 999999999\ntrailer<</Size 999999999>>\nstartxref\n9\n%%EOF",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file(name: str, worker: PdfWorker, signed: Path, tmp_path: Path) -> None:
    """Bombs and mazes end in facts without a signature that could pass, and the next file is read."""
    facts = worker.read(_file(tmp_path, HOSTILE[name]()))

    assert not any(each.digest_matches for each in facts.signatures)
    assert _counts(worker.read(signed)) == (1, None)


def _in_the_process(script: str, *arguments: str) -> str:
    """Run a script that confines itself as the process does."""
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return result.stdout


def test_what_the_process_may_not_do(tmp_path: Path) -> None:
    """No socket, no file, no process, and not more memory than it was given."""
    script = """
        import os, socket, sys
        from pathlib import Path
        from gateway.pdf_worker.confinement import MEMORY, confine, one_file

        def tried(action):
            try:
                action()
            except (OSError, MemoryError) as error:
                return type(error).__name__
            return "done"

        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        confine()
        print(tried(lambda: Path(sys.argv[1]).write_bytes(b"x" * 10)))
        with one_file(1, 1.0):
            print(tried(lambda: bytearray(MEMORY + 2**23)))
            print(tried(socket.socket))
            print(tried(lambda: open("/etc/passwd")))
        print(tried(lambda: open("/etc/passwd").close()))
    """

    told = _in_the_process(script, str(tmp_path / "written")).split()
    assert told == ["OSError", "MemoryError", "OSError", "OSError", "done"]
    assert (tmp_path / "written").read_bytes() == b""


@pytest.mark.parametrize("seconds", [0.01, 0.5])
def test_what_never_ends(seconds: float) -> None:
    """Whatever goes on for ever is ended by the timer, and not by the limit in whole seconds behind it."""
    script = """
        import sys
        from gateway.pdf_worker.confinement import confine, one_file

        confine()
        with one_file(1, float(sys.argv[1])):
            while True:
                pass
    """

    with pytest.raises(subprocess.CalledProcessError) as caught:
        _in_the_process(script, str(seconds))
    assert caught.value.returncode == -signal.SIGPROF


def test_limits_that_were_there_before() -> None:
    """Whoever starts the process may have limited it further, and it reads all the same."""
    script = """
        import resource
        from gateway.pdf_worker.confinement import confine, one_file

        resource.setrlimit(resource.RLIMIT_CPU, (2, 2))
        confine()
        with one_file(2**20, 3.0):
            print(*resource.getrlimit(resource.RLIMIT_CPU))
    """

    assert _in_the_process(script).split() == ["2", "2"]


SAMPLES: Final[dict[str, Callable[[], bytes]]] = {
    "two": lambda: with_validation_data(sign(sign(page()), field="B", box=(10, 10, 90, 90), pades=False)),
    "form": lambda: update(sign(pdf_attacks.form()), pdf_attacks.form_filled),
    "certified": lambda: sign(sign(page(), certify=fields.MDPPerm.NO_CHANGES), field="B"),
    "annotated": lambda: update(sign(page()), pdf_attacks.annotation_added),
    "locked": lambda: sign(page(password="")),
    "for somebody": lambda: _for_somebody(page()),
    "password": lambda: page(password="x"),
    "strange": lambda: page().replace(b"/Type /Catalog", b"/Type /Catalog /Metadata 99 0 R"),
    "none": lambda: b"%PDF-1.7 hello",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_missing(name: str, worker: PdfWorker, tmp_path: Path) -> None:
    """What the process leaves out of pyHanko makes no difference to what is found."""
    content = SAMPLES[name]()
    try:
        facts = replace(read_pdf(BytesIO(content)), sha256=hashlib.sha256(content).hexdigest())
    except Exception:  # noqa: BLE001 - as in the process: whatever it is, the file was not decided
        facts = PdfFacts.undecided(Obstacle.ERROR)

    assert worker.read(_file(tmp_path, content)) == facts


def _for_somebody(content: bytes) -> bytes:
    """Return a PDF that only the holder of a key can read."""
    writer = PdfFileWriter()
    writer.import_object(PdfFileReader(BytesIO(content)).root)
    recipient = asn1(pki.signer(KeyType.RSA_2048)[0])
    writer.encrypt_pubkey([recipient], policy=RecipientEncryptionPolicy(ignore_key_usage=True))
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def test_nothing_is_imported_while_a_file_is_read(tmp_path: Path) -> None:
    """What pyHanko imports late was imported before; no file could be opened then."""
    for name, content in SAMPLES.items():
        (tmp_path / name).write_bytes(content())
    script = """
        import importlib, sys
        from pathlib import Path
        from gateway.pdf_worker import child

        reading = child.prepare()
        before = set(sys.modules)
        for file in sorted(Path(sys.argv[1]).iterdir()):
            with file.open("rb") as opened:
                reading.read_pdf(opened)
        print(*sorted(set(sys.modules) - before))
    """

    assert _in_the_process(script, str(tmp_path)).split() == []


def test_the_process_knows_nothing_of_ours(
    worker: PdfWorker, signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its environment is empty but for where the code is, and no descriptor of ours is open in it."""
    monkeypatch.setenv("VANTHU_SECRET", "x")
    worker.read(signed)
    process = Path(f"/proc/{_process(worker).pid}")

    assert b"VANTHU_SECRET" not in (process / "environ").read_bytes()
    assert len(list((process / "fd").iterdir())) <= 6
