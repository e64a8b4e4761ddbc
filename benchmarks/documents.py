"""What it costs to read and verify a signed document, held against what cannot be avoided: hashing its octets.

    python -m benchmarks.documents

For each size, medians of one run on one core, warm: opening, verifying and reading the document (`ours`), the SHA-256 of the file
and of the decoded attachment (`hashing`), and from the octets to a verdict on the signature, here (`verify`) and with signxml:
under our root (`signxml`), and with the signer's certificate given, so that it looks for no path (`pinned`). signxml knows no
revocation and no policy. `memory` is how far the peak of a process of its own grew, in MiB. Bars: ours ≤ 2 × hashing at 10 MB;
signxml ≥ 3 × verify at 10 KB and ≥ 5 × from 1 MB on; memory ≤ 16 MiB at 50 MB.
"""

import hashlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console
from rich.table import Table
from signxml.verifier import SignatureConfiguration, XMLVerifier

from certs.issue import KeyType
from certs.sign import sign_tree
from certs.trust import Trust
from certs.verdict import Indication
from certs.verify import verify
from schemas.attachments import read_content
from schemas.document import Attachment
from schemas.parse import parse
from schemas.splice import open_file
from tests.support import pki
from tests.support.documents import edxml

KIB: Final = 1024
SIZES: Final = {
    "10 KB": 4 * KIB,
    "100 KB": 100 * KIB,
    "1 MB": KIB**2,
    "10 MB": 10 * KIB**2,
    "50 MB": 50 * KIB**2,
}
"""Octets of base64; with headers, signature and certificate the smallest makes 10 KB."""
ROUNDS: Final = 9
SECONDS: Final = 0.2
"""Time for a round: what is quick is done as often as it takes to warm up."""
SIGNXML_LIMIT: Final = 9 * KIB**2
"""Octets beyond which signxml's parser refuses a text."""


def make(path: Path, size: int) -> None:
    """Write a signed document of about `size` octets."""
    content = os.urandom(size * 3 // 4)
    attachment = Attachment.of(content, content_id="a", name="a.bin", content_type="application/octet-stream")
    opened = open_file(edxml({"a": content}, attachments=(attachment,)))
    certificate, key = pki.signer(KeyType.RSA_2048)
    with path.open("wb") as out:
        sign_tree(
            opened.tree,
            out,
            key=key,
            certificates=[certificate],
            algorithm="rsa-sha256",
            contents=opened.canonical,
        )


def examine(path: Path, trust: Trust) -> None:
    """Do all that a gateway does with a file before it looks at codes."""
    opened = open_file(path)
    verdict = verify(opened.tree, trust=trust, at=pki.AT, size=opened.size, contents=opened.canonical)
    if verdict.indication is not Indication.TOTAL_PASSED or verdict.signed_view is None:
        raise SystemExit(f"{path} does not pass: {verdict.errors}")
    parse(verdict.signed_view.tree, at=pki.AT, contents=opened.contents)


def verify_only(file: bytes, trust: Trust) -> None:
    """Do what signxml does: from the octets to a verdict."""
    opened = open_file(file)
    verdict = verify(opened.tree, trust=trust, at=pki.AT, size=opened.size, contents=opened.canonical)
    if verdict.indication is not Indication.TOTAL_PASSED:
        raise SystemExit(f"it does not pass: {verdict.errors}")


def milliseconds(work: Callable[[], object]) -> float:
    """Return the median time of a few rounds on one core."""
    begun = time.process_time()
    work()
    count = max(1, int(SECONDS / (time.process_time() - begun + 1e-9) / ROUNDS))
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(count):
            work()
        times.append((time.process_time() - begun) / count)
    return statistics.median(times) * 1000


def grown(path: Path) -> int:
    """Examine a file in a process of its own; return by how many MiB its peak grew."""
    script = (
        "import sys; from pathlib import Path; from benchmarks.documents import examine, peak\n"
        "from certs.trust import Trust\n"
        "folder, name = Path(sys.argv[1]).parent, sys.argv[1]\n"
        "trust = Trust.from_pem((folder / 'root.pem').read_bytes())\n"
        "examine(folder / 'first', trust); before = peak(); examine(Path(name), trust); print(peak() - before)"
    )
    told = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)  # noqa: S603
    return int(told.stdout) // KIB**2


def peak() -> int:
    """Return the most octets that this process ever held."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * KIB


def signxml_milliseconds(file: bytes, root: Path) -> tuple[float, float] | None:
    """Return what signxml takes to verify the signature, under a root and with the certificate given, where it can."""
    if len(file) > SIGNXML_LIMIT:
        return None
    leaf = pki.signer(KeyType.RSA_2048)[0].public_bytes(Encoding.PEM).decode()
    configuration = SignatureConfiguration(location="./*/*/")
    verifier = XMLVerifier()
    return (
        milliseconds(lambda: verifier.verify(file, ca_pem_file=str(root), expect_config=configuration)),
        milliseconds(lambda: verifier.verify(file, x509_cert=leaf, expect_config=configuration)),
    )


def main() -> None:
    """Measure and print."""
    headings = (
        "size",
        "ours ms",
        "hashing ms",
        "ours / hashing",
        "verify ms",
        "signxml / verify",
        "pinned / verify",
    )
    table = Table(*headings, "memory MiB")
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "root.pem").write_bytes(pki.root().certificate.public_bytes(Encoding.PEM))
        make(folder / "first", KIB)
        for label, size in SIZES.items():
            table.add_row(label, *_row(folder / label, size))
    Console().print(table)


def _row(path: Path, size: int) -> list[str]:
    make(path, size)
    file, trust = path.read_bytes(), pki.trust()
    payload = b"".join(read_content(open_file(file), "a"))
    ours = milliseconds(lambda: examine(path, trust))
    hashing = milliseconds(lambda: (hashlib.sha256(file).digest(), hashlib.sha256(payload).digest()))
    alone = milliseconds(lambda: verify_only(file, trust))
    other = signxml_milliseconds(file, path.parent / "root.pem")
    theirs = ["refuses"] * 2 if other is None else [f"{each / alone:.1f}" for each in other]
    mine = [f"{ours:.2f}", f"{hashing:.2f}", f"{ours / hashing:.2f}", f"{alone:.2f}"]
    return [*mine, *theirs, str(grown(path))]


if __name__ == "__main__":
    main()
