"""ZIP files: every limit, every trick, and that what is sane passes."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import zip_directory
from schemas.archive import archive_faults
from schemas.archive_faults import MAX_ENTRIES, ArchiveFault
from schemas.measure import Measurement
from schemas.wrapping import wrap_into
from tests.schemas.files import office, opendocument, packed

CENTRAL = b"PK\x01\x02"
END = b"PK\x05\x06"


def _faults(content: bytes, wrapping: str | None = None) -> set[str]:
    """Give the codes of all reasons to refuse a file."""
    return {fault.value for fault in archive_faults(Measurement.of(content), wrapping=wrapping)}


def _edited(content: bytes, sign: bytes, offset: int, form: str, value: int) -> bytes:
    """Give a file with one field of its last record of a kind set."""
    changed = bytearray(content)
    struct.pack_into(form, changed, content.rindex(sign) + offset, value)
    return bytes(changed)


def _with(change: Callable[[zipfile.ZipInfo], object], name: str = "a.txt") -> bytes:
    """Give a ZIP whose only entry was changed before it was written."""
    out = io.BytesIO()
    info = zipfile.ZipInfo(name)
    change(info)
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, b"a")
    return out.getvalue()


def _named(name: str) -> bytes:
    """Give a ZIP with an entry of exactly this name, which `zipfile` would clean."""

    def rename(info: zipfile.ZipInfo) -> None:
        info.filename = name

    return _with(rename)


@pytest.mark.parametrize(
    "content",
    [
        packed({}),
        packed({"a.txt": b"a"}),
        packed({"Thư mục/Công văn số 1.docx": office("word"), "Thư mục/": b"", "b.pdf": b"b" * 9_999}),
        packed({f"{number}.txt": b"" for number in range(MAX_ENTRIES)}),
        packed({"a.txt": b"a"}, method=zipfile.ZIP_STORED),
        packed({"a.bin": bytes(9_000_000)}),
        packed({"thư mục\\a.txt": b"a"}),
        packed({"10:30.txt": b"a", "a..b": b"a", ".an": b"a"}),
        office("word", "word/embeddings/oleObject1.bin", "word/embeddings/Sheet.xlsx", "word/media/image1.emz"),
        office("xl", "xl/vbaProject.bin"),
        office("ppt"),
        opendocument("text"),
    ],
    ids=range(12),
)  # fmt: skip
def test_sane_archives_pass(content: bytes) -> None:
    """Folders, Vietnamese names, office files with what belongs to them, and empty archives."""
    assert _faults(content) == set()


names = st.from_regex(
    r"[a-zA-ZăâđêôơưĂÂ0-9 _-]{1,20}(\.(pdf|docx|txt|PNG))?(/[a-z]{1,8}\.xlsx)?", fullmatch=True
)


@given(
    st.dictionaries(names, st.binary(max_size=300), max_size=12),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]),
    st.binary(max_size=40).filter(lambda comment: END not in comment),
)
def test_what_zipfile_writes_passes(contents: dict[str, bytes], method: int, comment: bytes) -> None:
    """Any archive of different plain names passes, with a comment and in every method."""
    distinct = {name.casefold(): (name, content) for name, content in contents.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.comment = comment
        for name, content in distinct.values():
            archive.writestr(name, content)
    assert _faults(out.getvalue()) == set()


def test_streamed_archives_pass() -> None:
    """An archive written to a pipe has its sizes after each content; Java writes all of them so."""

    class Pipe(io.RawIOBase):
        """A file that cannot seek."""

        content = b""

        def writable(self) -> bool:
            """Say that it can be written to."""
            return True

        def write(self, octets: object) -> int:
            """Take octets."""
            self.content += bytes(octets)  # type: ignore[call-overload]
            return len(octets)  # type: ignore[arg-type]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"a" * 1_000)
        archive.writestr("b.txt", b"b")
    assert _faults(pipe.content) == set()


def test_zip64_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive in the larger format is judged like any other."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    large = packed({"a.txt": b"a" * 20, "b.txt": b"b" * 20}, method=zipfile.ZIP_STORED)
    monkeypatch.undo()
    assert b"PK\x06\x06" in large
    assert _faults(large) == set()
    entries = zip_directory.entries(large, large, len(large))
    assert [(entry.name, entry.unpacked) for entry in entries] == [("a.txt", 20), ("b.txt", 20)]
    for sign, offset, form, value in (
        *(
            (b"PK\x06\x06", 4, "<Q", 45),
            (b"PK\x06\x06", 24, "<Q", 1),
            (b"PK\x06\x06", 48, "<Q", 1),
            (END, 10, "<H", 1),
        ),
        *((b"PK\x06\x07", 4, "<I", 1), (b"PK\x06\x07", 8, "<Q", 1 << 63), (b"PK\x06\x07", 16, "<I", 2)),
    ):
        assert _faults(_edited(large, sign, offset, form, value)) == {"damaged"}
    saturated = _edited(_edited(large, END, 8, "<I", 0xFFFFFFFF), END, 16, "<I", 0xFFFFFFFF)
    assert _faults(saturated) == set()


@pytest.mark.parametrize(
    "name",
    [
        *("/etc/passwd", "\\a", "\\\\server\\a", "C:\\a", "c:a", "../a", "a/../b", "a\\..\\b", "..", "a/.. /b", "...", "a/.../b"),
        *("a\x01b", "a\nb", "a\x7f", "a\x85", "gpj\u202efdp.txt", "a\u2066b", "a\u2028b"),
    ],
)  # fmt: skip
def test_unsafe_names(name: str) -> None:
    """What leads out of the folder, or shows as something else."""
    assert _faults(_named(name)) == {"unsafe_name"}


def test_nul_and_empty_names() -> None:
    """Names that `zipfile` does not write."""
    content = packed({"aXb.txt": b"a"})
    assert _faults(content.replace(b"aXb.txt", b"a\0b.txt")) == {"unsafe_name"}
    assert "unsafe_name" in _faults(_named(""))


def test_second_name_counts_too() -> None:
    """Some software prefers the name in the extra field."""

    def name_again(info: zipfile.ZipInfo) -> None:
        other = b"\x01\0\0\0\0../a.exe"
        info.extra = struct.pack("<2H", 0x7075, len(other)) + other

    assert _faults(_with(name_again)) == {"unsafe_name", "executable"}


@pytest.mark.parametrize(
    "name", ["a.zip", "a/b.RAR", "a.7z", "a.tar", "a.tar.gz", "a.tgz", "a.zip. ", "x\\a.iso"]
)
def test_archive_in_archive(name: str) -> None:
    """Nothing is packed twice."""
    assert _faults(packed({"b.txt": b"b", name: b"a"})) == {"nested"}


def test_wrapping_is_not_packing() -> None:
    """What the SDK wraps may be an archive, but only as the one entry of that kind."""
    out = io.BytesIO()
    wrap_into(out, io.BytesIO(b"Rar!"), entry_name="uuid.rar")
    assert _faults(out.getvalue(), "rar") == set()
    assert _faults(out.getvalue(), "7z") == {"nested"}
    assert _faults(out.getvalue()) == {"nested"}
    assert _faults(packed({"a.rar": b"a", "b.rar": b"b"}), "rar") == {"nested"}
    out = io.BytesIO()
    wrap_into(out, io.BytesIO(b"MZ"), entry_name="uuid.exe")
    assert _faults(out.getvalue(), "exe") == {"executable"}


@pytest.mark.parametrize("name", ["a.exe", "a/b.BAT", "a.pdf.js.vbs", "a.ps1", "a.lnk", "a.exe. "])
def test_program_in_archive(name: str) -> None:
    """The SDK wraps whatever it is given, programs too."""
    assert _faults(packed({name: b"a"})) == {"executable"}


def test_duplicates() -> None:
    """Two names that differ in case, in composition or in the separator are one file."""
    assert _faults(packed({"A.txt": b"a", "a.TXT": b"b"})) == {"duplicate_name"}
    assert _faults(packed({"caf\u00e9": b"a", "cafe\u0301": b"b"})) == {"duplicate_name"}
    assert _faults(packed({"a/b": b"a", "a\\b": b"b"})) == {"duplicate_name"}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices(kind: int) -> None:
    """Only files and folders."""
    assert _faults(_with(lambda info: setattr(info, "external_attr", (kind | 0o777) << 16))) == {"symlink"}
    allowed = (stat.S_IFREG | 0o644) << 16
    assert _faults(_with(lambda info: setattr(info, "external_attr", allowed))) == set()


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_encryption(flag: int) -> None:
    """What cannot be looked into cannot be passed on."""
    assert _faults(_edited(packed({"a": b"a"}), CENTRAL, 8, "<H", flag)) == {"encrypted"}


def test_sizes() -> None:
    """Too many, too big, and too good to be true."""
    assert _faults(packed({f"{number}": b"" for number in range(MAX_ENTRIES + 1)})) == {"too_many_entries"}
    assert _faults(packed({"a": bytes(11_000_000)})) == {"ratio"}
    assert _faults(packed({"a": bytes(10_000_000)})) == set()
    one = packed({"a": b"a" * 100}, method=zipfile.ZIP_STORED)
    assert _faults(_edited(one, CENTRAL, 24, "<I", 200_000_001)) == {"too_big", "ratio"}
    many = packed({f"{number}": bytes(2_000_000) for number in range(6)})
    assert _faults(many) == {"ratio"}


def test_directory_beyond_the_tail() -> None:
    """A directory of more than a mebibyte belongs to too many entries, or to none that mean well."""
    long_names = {f"{number}{'x' * 60_000}": b"" for number in range(20)}
    assert _faults(packed(long_names)) == {"too_many_entries"}


def test_overlap() -> None:
    """Entries that share their content, as the small bombs do."""
    content = packed({"a": b"a" * 50, "b": b"b" * 50}, method=zipfile.ZIP_STORED)
    assert _faults(_edited(content, CENTRAL, 42, "<I", 10)) == {"damaged"}
    first = content.index(CENTRAL)
    assert _faults(_edited(content, CENTRAL, 20, "<I", 51)) == {"damaged"}
    changed = bytearray(content)
    struct.pack_into("<I", changed, first + 20, 51)
    assert _faults(bytes(changed)) == {"overlap"}


def test_damage() -> None:
    """Whatever could be read in two ways is not read at all."""
    content = packed({"a.txt": b"a" * 100, "b.txt": b"b" * 100})
    assert _faults(content[:-1]) == {"damaged"}
    assert _faults(content + b"\n") == {"damaged"}
    assert _faults(content[:100]) == {"damaged"}
    assert _faults(b"PK\x03\x04" + content) == {"damaged"}
    assert _faults(content[: content.index(CENTRAL)] + packed({})) == {"damaged"}
    assert _faults(content.replace(b"a.txt", b"c.txt", 1)) == {"damaged"}
    for offset, form, value in (
        (4, "<H", 1),
        (8, "<H", 1),
        (10, "<H", 3),
        (12, "<I", 1),
        (16, "<I", 1),
        (20, "<H", 9),
    ):
        assert _faults(_edited(content, END, offset, form, value)) == {"damaged"}
    for offset, form, value in (
        (0, "<I", 0),
        (10, "<H", 12),
        (28, "<H", 9_999),
        (34, "<H", 1),
        (42, "<I", 9_999),
    ):
        assert _faults(_edited(content, CENTRAL, offset, form, value)) == {"damaged"}


def test_comment_that_looks_like_the_end() -> None:
    """Readers differ in which of two ends they believe."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"a")
        archive.comment = b"x" + END + b"y" * 30
    assert _faults(out.getvalue()) == {"damaged"}


CODES = {fault.value for fault in ArchiveFault}
BASES = st.sampled_from(
    [packed({"a.txt": b"a" * 50, "b/c.txt": b"b"}), office("word"), opendocument("text"), packed({})]
)


@given(BASES, st.lists(st.tuples(st.integers(0, 2_000), st.binary(min_size=1, max_size=6)), max_size=4))
def test_any_change_gives_a_verdict(content: bytes, changes: list[tuple[int, bytes]]) -> None:
    """No change to an archive raises anything."""
    changed = bytearray(content)
    for at, octets in changes:
        start = at % (len(changed) + 1)
        changed[start : start + len(octets)] = octets
    assert _faults(bytes(changed)) <= CODES


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_octets_give_a_verdict(head: bytes, rest: bytes) -> None:
    """Nor do any octets before, between and after the signs of an archive."""
    for content in (
        head,
        b"PK\x03\x04" + head + CENTRAL + rest,
        b"PK" + head + b"PK\x06\x06" + rest + b"PK\x06\x07" + rest + END + head[:18],
    ):
        assert _faults(content) <= CODES
