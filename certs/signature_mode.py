"""Which signatures the documents of an agency must bear."""

from enum import StrEnum


class SignatureMode(StrEnum):
    """The signature of the message, that of an attached PDF, or what may stand for them."""

    ENVELOPE = "envelope"
    ATTACHMENT = "attachment"
    EITHER = "either"
    BOTH = "both"
    REPORT = "report"
