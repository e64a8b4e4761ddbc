"""Signed notes: the published examples open, everything else is refused for its reason."""

import pybase64
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from routing.errors_log import (
    LogError,
    NoteKeyUnknown,
    NoteMalformed,
    NoteSignatureInvalid,
    VerifierKeyMalformed,
)
from routing.note import (
    MAX_NOTE,
    MAX_SIGNATURES,
    Verifier,
    cosign_note,
    open_note,
    parse_verifier_key,
    sign_note,
    verifier_key,
)

# A real signed tree head of the Go checksum database, and its public key.
GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
GO_TEXT = "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
GO_SIGNATURE = "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8="
GO_NOTE = f"{GO_TEXT}\n— sum.golang.org {GO_SIGNATURE}\n"

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
NAME = "gw.example.gov.vn/routing/2025"
OURS = Verifier.of(NAME, KEY.public_key())


def test_a_real_note_opens() -> None:
    """A note that the Go checksum database signed opens with that database's key."""
    assert open_note(GO_NOTE, [parse_verifier_key(GO_KEY)]) == GO_TEXT


def test_a_real_key_is_written_as_it_was_read() -> None:
    """A verifier key keeps its text, and its label is the part before the key."""
    verifier = parse_verifier_key(GO_KEY)
    assert str(verifier) == GO_KEY
    assert verifier_key("sum.golang.org", verifier.key) == GO_KEY
    assert (verifier.name, verifier.label) == ("sum.golang.org", "sum.golang.org+033de0ae")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+033de0ae",
        GO_KEY.replace("033de0ae", "033DE0AE"),
        GO_KEY.replace("033de0ae", "033de0a"),
        GO_KEY.replace("033de0ae", "033de0af"),
        GO_KEY.replace("sum.", "sun."),
        GO_KEY.replace("sum.", ""),
        GO_KEY.replace("+Ac4", "+Bc4"),
        GO_KEY[:-4],
        GO_KEY + "=",
        GO_KEY + "\n",
        GO_KEY[:-1] + "é",
        "+033de0ae+" + GO_KEY.rpartition("+")[2],
    ],
)
def test_malformed_verifier_keys(text: str) -> None:
    """Another form, algorithm, name or id is not a verifier key."""
    with pytest.raises(VerifierKeyMalformed):
        parse_verifier_key(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2003b", "a\x01b", "\ud800"])
def test_names_that_cannot_name_a_key(name: str) -> None:
    """A name is not empty and has no white space, plus sign or control character."""
    with pytest.raises(VerifierKeyMalformed):
        verifier_key(name, KEY.public_key())
    with pytest.raises(VerifierKeyMalformed):
        sign_note("text\n", name, KEY)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=[chr(c) for c in range(0x20)])))
def test_any_text_can_be_signed(text: str) -> None:
    """What was signed is what is opened, blank lines and dashes included."""
    for signed in (f"{text}\n", f"{text}\n\n— x y\n\n", f"\n\n{text}\n\n\n"):
        assert open_note(sign_note(signed, NAME, KEY), [OURS]) == signed


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "\x00\n", "\r\n", "\ud800\n"])
def test_texts_that_cannot_be_signed(text: str) -> None:
    """A text ends in a newline and has no other control character."""
    with pytest.raises(NoteMalformed):
        sign_note(text, NAME, KEY)


def test_every_change_breaks_a_note() -> None:
    """No character of text, name or signature can be another."""
    note = sign_note("gw.example\n12\nroot\n", NAME, KEY)
    for at, character in enumerate(note):
        for other in {"A", "B", "\n", " ", chr(ord(character) ^ 1)} - {character}:
            with pytest.raises(LogError):
                open_note(note[:at] + other + note[at + 1 :], [OURS])
        with pytest.raises(LogError):
            open_note(note[:at] + note[at + 1 :], [OURS])


def test_signatures_of_other_keys_are_passed_over() -> None:
    """A note opens for who knows any one of its signers, and for nobody else."""
    note = cosign_note(sign_note("text\n", NAME, OTHER), "witness.example", KEY)
    assert open_note(note, [Verifier.of("witness.example", KEY.public_key())]) == "text\n"
    assert open_note(note, [Verifier.of(NAME, OTHER.public_key())]) == "text\n"
    for verifiers in ([], [OURS], [Verifier.of("witness.example", OTHER.public_key())]):
        with pytest.raises(NoteKeyUnknown):
            open_note(note, verifiers)


def test_signatures_of_unknown_algorithms_are_passed_over() -> None:
    """A long signature of a kind that is not known here does no harm."""
    line = f"— {NAME} {pybase64.b64encode(b'id!!' + bytes(5000)).decode()}\n"
    assert open_note(sign_note("text\n", NAME, KEY) + line, [OURS]) == "text\n"


def test_one_wrong_signature_of_a_known_key_condemns_the_note() -> None:
    """A wrong signature is not outweighed by a right one."""
    good = sign_note("text\n", NAME, KEY)
    wrong = sign_note("tent\n", "witness.example", OTHER).rpartition("\n\n")[2]
    with pytest.raises(NoteSignatureInvalid, match=r"witness\.example"):
        open_note(good + wrong, [OURS, Verifier.of("witness.example", OTHER.public_key())])


def test_a_signature_covers_the_text_only_under_its_own_key_id() -> None:
    """A key's signature under another key's id is another key's wrong signature."""
    other = Verifier.of(NAME, OTHER.public_key())
    forged = pybase64.b64encode(other.key_id + KEY.sign(b"text\n")).decode()
    with pytest.raises(NoteSignatureInvalid):
        open_note(f"text\n\n— {NAME} {forged}\n", [OURS, other])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "\n\n\n",
        GO_NOTE[:-1],
        GO_NOTE + "\n",
        GO_NOTE + "more\n",
        GO_NOTE.replace("— sum", "- sum"),
        GO_NOTE.replace("— sum.golang.org", "—"),
        GO_NOTE.replace("— sum.golang.org", "— sum+golang"),
        GO_NOTE.replace("sum.golang.org A", "sum.golang.org  A"),
        GO_NOTE.replace(GO_SIGNATURE, ""),
        GO_NOTE.replace(GO_SIGNATURE, "!!!!"),
        GO_NOTE.replace(GO_SIGNATURE, "Az3grg=="),
        GO_NOTE.replace("Q8=\n", "Q9=\n"),
        GO_NOTE.replace("Q8=\n", "Q8\n"),
        GO_NOTE.replace("\n", "\r\n"),
        GO_NOTE.replace("tree", "tr\x00e"),
        GO_NOTE.replace("tree", "tr\ud800e"),
    ],
)
def test_malformed_notes(note: str) -> None:
    """A note has its form to the letter, or it is none."""
    with pytest.raises(NoteMalformed):
        open_note(note, [parse_verifier_key(GO_KEY)])


def test_notes_are_bounded() -> None:
    """64 signatures are looked at, 65 are not; nor is a note of more than 256 KiB."""
    text, _, line = sign_note("text\n", NAME, KEY).rpartition("\n\n")
    assert open_note(f"{text}\n\n{line * MAX_SIGNATURES}", [OURS]) == "text\n"
    with pytest.raises(NoteMalformed, match="64 signatures"):
        open_note(f"{text}\n\n{line * (MAX_SIGNATURES + 1)}", [OURS])
    with pytest.raises(NoteMalformed, match="characters"):
        open_note(sign_note("x" * MAX_NOTE + "\n", NAME, KEY), [OURS])


def test_only_a_note_can_be_cosigned() -> None:
    """A text without signatures gets none added."""
    with pytest.raises(NoteMalformed):
        cosign_note("text\n", NAME, KEY)


@given(st.text(max_size=60))
def test_any_text_is_opened_or_refused(note: str) -> None:
    """No text leads to another exception."""
    with pytest.raises(LogError):
        open_note(note, [OURS])
    with pytest.raises(LogError):
        parse_verifier_key(note)
