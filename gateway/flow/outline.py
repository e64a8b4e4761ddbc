"""What a message says, in short, for whoever asks about it before it is sent: no content, but what was attached.

Texts are as the message has them; moments and dates are those of ISO 8601.
"""

from __future__ import annotations

from gateway.records import Json
from schemas.document import Attachment, Document, ResponseFor, StatusMessage
from schemas.wrapping import is_wrapped


def outline(message: Document | StatusMessage) -> dict[str, Json]:
    """Summarise a document or a status message; both have the same members."""
    if isinstance(message, Document):
        return {
            "document_id": message.document_id,
            "number": f"{message.code.number}/{message.code.notation}",
            "subject": message.subject,
            "promulgation_date": message.promulgation_date.isoformat(),
            "type_name": message.document_type.type_name,
            "business_type": message.business_type,
            "status_code": None,
            "response_for": [_answered(each) for each in message.response_for],
            "attachments": [attachment_facts(each) for each in message.attachments],
        }
    return {
        "document_id": message.response_for.document_id,
        "number": message.response_for.code or "",
        "subject": message.description or "",
        "promulgation_date": None,
        "type_name": None,
        "business_type": None,
        "status_code": message.status_code,
        "response_for": [_answered(message.response_for)],
        "attachments": [],
    }


def attachment_facts(attachment: Attachment) -> dict[str, Json]:
    """Describe an attachment: what it is called, what it is declared to be, and what it is."""
    return {
        "content_id": attachment.content_id,
        "name": attachment.name,
        "safe_name": attachment.safe_name,
        "content_type": attachment.content_type,
        "detected_type": attachment.detected_type,
        "is_wrapped": is_wrapped(attachment),
        "size": attachment.size,
        "sha256": attachment.sha256,
    }


def _answered(response: ResponseFor) -> dict[str, Json]:
    day = response.promulgation_date
    return {
        "organ_id": response.organ_id,
        "code": response.code,
        "promulgation_date": day.isoformat() if day else None,
        "document_id": response.document_id,
    }
