"""From the place of a finding in a written file to the key of the metadata that it came from."""

import re
from typing import Final

_STEP: Final = re.compile(r"edXML:(\w+)(?:\[(\d+)\])?")
# Levels of the file that the metadata does not have.
_SKIPPED: Final = frozenset(
    {
        *("edXML", "edXMLEnvelope", "edXMLHeader", "edXMLBody", "MessageHeader", "TraceHeaderList"),
        *("PromulgationInfo", "ToPlaces", "ResponseForTask", "Appendixes"),
        *("ReceiverList", "ReplacementInfoList", "OrganIdList"),
        *("edXMLManifest", "AttachmentEncoded", "ContentTransferEncoded"),
    }
)
# A name that means something else below this element than everywhere.
_BELOW: Final = {
    ("PromulgationInfo", "Place"): "promulgation_place",
    ("ToPlaces", "Place"): "to_places",
    ("OrganIdList", "OrganId"): "organ_ids",
}
_NAMES: Final = {
    "From": "sender",
    "To": "recipients",
    "OrganizationInCharge": "in_charge",
    "OrganName": "name",
    "OrganAdd": "address",
    "CodeNumber": "number",
    "CodeNotation": "notation",
    "SignerInfo": "signer",
    "TaskCode": "task_codes",
    "Appendix": "appendixes",
    "TraceHeader": "trace",
    "Bussiness": "business",
    "BussinessDocType": "business_type",
    "BussinessDocReason": "reason",
    "BussinessDocumentInfo": "document_info",
    "Receiver": "receivers",
    "ReplacementInfo": "replacements",
    "StaffInfo": "staff",
    "Reference": "attachments",
    "Attachment": "attachments",
    "AttachmentName": "name",
}
_LISTS: Final = frozenset(
    {
        *("recipients", "response_for", "to_places", "task_codes", "appendixes", "trace"),
        *("receivers", "replacements", "organ_ids", "attachments"),
    }
)
# In the file these stand inside a block that holds other things.
_AT_THE_TOP: Final = frozenset({"priority", "business_type"})
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def key_of(xpath: str, *, is_status: bool = False) -> str:
    """Return the key path of an element, such as recipients[1].organ_id; "" for the message as a whole."""
    keys: list[str] = []
    above = ""
    for name, position in _STEP.findall(xpath):
        if name not in _SKIPPED:
            key = _BELOW.get((above, name)) or _NAMES.get(name) or _CAPITAL.sub("_", name).lower()
            if key in _AT_THE_TOP:
                keys.clear()
            is_list = key in _LISTS and not is_status
            keys.append(f"{key}[{int(position or 1) - 1}]" if is_list else key)
        above = name
    return ".".join(keys)
