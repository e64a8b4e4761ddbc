"""Which signatures may be missing, mode by mode."""

from __future__ import annotations

import pytest

from certs.signature_mode import SignatureMode, SignedPart, missing_parts, needs_attachments

ENVELOPE, ATTACHMENT = SignedPart.ENVELOPE, SignedPart.ATTACHMENT
NONE: frozenset[SignedPart] = frozenset()
BOTH = frozenset(SignedPart)


@pytest.mark.parametrize(
    ("mode", "unsigned", "envelope", "attachment"),
    [
        (SignatureMode.ENVELOPE, {ENVELOPE}, NONE, {ENVELOPE}),
        (SignatureMode.ATTACHMENT, {ATTACHMENT}, {ATTACHMENT}, NONE),
        (SignatureMode.EITHER, BOTH, NONE, NONE),
        (SignatureMode.BOTH, BOTH, {ATTACHMENT}, {ENVELOPE}),
        (SignatureMode.REPORT, NONE, NONE, NONE),
    ],
)
def test_what_is_missing(
    mode: SignatureMode,
    unsigned: frozenset[SignedPart],
    envelope: frozenset[SignedPart],
    attachment: frozenset[SignedPart],
) -> None:
    """With nothing signed, with one of the two, and with both."""
    assert missing_parts(mode, NONE) == unsigned
    assert missing_parts(mode, {ENVELOPE}) == envelope
    assert missing_parts(mode, {ATTACHMENT}) == attachment
    assert missing_parts(mode, BOTH) == NONE


@pytest.mark.parametrize("mode", SignatureMode)
def test_attachments_are_looked_at_only_where_they_matter(mode: SignatureMode) -> None:
    """If a signature in an attachment changes nothing, nobody looks for it, unless all is to be recorded."""
    for is_signed in (False, True):
        envelope = {ENVELOPE} if is_signed else NONE
        matters = missing_parts(mode, envelope) != missing_parts(mode, {*envelope, ATTACHMENT})
        assert needs_attachments(mode, is_envelope_signed=is_signed) == (
            matters or mode is SignatureMode.REPORT
        )
