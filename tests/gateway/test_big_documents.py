"""Big documents cost time but no memory: examined in a process of its own, whose peak is measured."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.sign import sign_tree
from schemas.document import Attachment
from schemas.splice import open_file
from tests.support import pki
from tests.support.documents import edxml

ROOT = Path(__file__).parents[2]
MIB = 2**20

# Prints how many MiB the peak grew from examining the small document to having examined the big one, and what came out.
SCRIPT = """
import sys
from pathlib import Path
from certs.trust import Trust
from gateway.flow.examination import examine
from routing.agencies import Directory
from routing.registry_hash import registry_sha256
from tests.support.pki import AT

small, big, root = map(Path, sys.argv[1:])
directory = Directory(0, registry_sha256((), ()), (), ())
trust = Trust.from_pem(root.read_bytes())

def judged(path):
    return examine(path, expect=None, caller=None, directory=directory, trust=trust, at=AT)

def peak():
    # Not getrusage: its peak may be that of the process that started this one.
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])

judged(small)
before = peak()
examination = judged(big)
sizes = [each.size for each in examination.message.attachments]
print((peak() - before) // 1024, examination.verdict.indication, *sizes)
"""


def _signed(path: Path, contents: dict[str, bytes]) -> Path:
    """Write a signed document."""
    attachments = tuple(
        Attachment.of(content, content_id=name, name=f"{name}.bin", content_type="application/octet-stream")
        for name, content in contents.items()
    )
    opened = open_file(edxml(contents, attachments=attachments))
    certificate, key = pki.signer()
    with path.open("wb") as out:
        sign_tree(opened.tree, out, key=key, certificates=[certificate], contents=opened.canonical)
    return path


@pytest.mark.parametrize("count", [1, 4])
def test_memory_stays_flat(count: int, tmp_path: Path) -> None:
    """50 MB in one attachment or in several: verified within 16 MiB beyond what a small document needs."""
    size = 50 * MIB * 3 // 4 // count
    contents = {str(number): os.urandom(size) for number in range(count)}
    small = _signed(tmp_path / "small.edxml", {"a": b"x" * 1000})
    big = _signed(tmp_path / "big.edxml", contents)
    root = tmp_path / "root.pem"
    root.write_bytes(pki.root().certificate.public_bytes(Encoding.PEM))
    told = subprocess.run(
        [sys.executable, "-c", SCRIPT, small, big, root], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert told[1:] == ["TOTAL_PASSED", *[str(size)] * count]
    assert int(told[0]) <= 16
