"""Write all vectors: `python -m tests.vectors.build_traps` from the top folder, after a change of the writer or a new trap.

`traps/index.json` names each file with the verdict that it has to get as of the evening of 30 June 2025;
`messages/` holds one good file for each kind of business and each status.
"""

import json
from pathlib import Path
from typing import Final

from schemas.codelists import STATUS_CODES
from schemas.document import Business, BusinessDocumentInfo, Receiver, ReplacementInfo
from tests.support.documents import PHUC_XA_WARD, TUYEN_QUANG_OFFICE, a_document, edxml, status_edxml
from tests.vectors.file_traps import FILE_TRAPS
from tests.vectors.header_traps import HEADER_TRAPS
from tests.vectors.message_traps import ATTACHMENT_TRAPS, BUSINESS_TRAPS, STATUS_TRAPS
from tests.vectors.trap import Trap

FOLDER: Final = Path(__file__).parent
TRAPS: Final[tuple[Trap, ...]] = (
    *FILE_TRAPS,
    *HEADER_TRAPS,
    *BUSINESS_TRAPS,
    *STATUS_TRAPS,
    *ATTACHMENT_TRAPS,
)


def messages() -> dict[str, bytes]:
    """Give one good file for each kind of business and each status, by name."""
    target, own = "G22,2025/06/20,7702/VPCP-TTĐT", "G22,2025/06/30,7817/VPCP-TTĐT"
    receivers = (
        Receiver(organ_id=TUYEN_QUANG_OFFICE.organ_id, receiver_type=0),
        Receiver(organ_id=PHUC_XA_WARD.organ_id, receiver_type=1),
    )
    change = BusinessDocumentInfo(document_info=1, document_receiver=1, receivers=receivers)
    replaced = ReplacementInfo(document_id=target, organ_ids=(TUYEN_QUANG_OFFICE.organ_id,))
    kinds = {
        "recall": (1, Business(document_id=target, reason="Gửi nhầm nơi nhận")),
        "update": (2, Business(document_id=target, reason="Sửa thời hạn", document_info=change)),
        "replacement": (3, Business(reason="Sai thể thức", replacements=(replaced,))),
    }
    documents = {
        name: edxml(document_id=own, business_type=business_type, business=business)
        for name, (business_type, business) in kinds.items()
    }
    return {"new": edxml(), **documents, **{f"status-{code}": _status(code) for code in STATUS_CODES}}


def _status(code: str) -> bytes:
    """Give a good status; 13 comes from the sender of the document, all others from its receiver."""
    answered = a_document()
    if code != "13":
        return status_edxml(status_code=code, description=STATUS_CODES[code].vi)
    asked = status_edxml(status_code=code, sender=answered.sender, description="Gửi nhầm nơi nhận")
    return asked.replace(
        b"<edXML:OrganId>G22</edXML:OrganId>\n          <edXML:Code>",
        b"<edXML:OrganId>H60.1</edXML:OrganId>\n          <edXML:Code>",
    )


def build(folder: Path) -> None:
    """Write every vector and the index into a folder."""
    traps, good = folder / "traps", folder / "messages"
    traps.mkdir(exist_ok=True)
    good.mkdir(exist_ok=True)
    for trap in TRAPS:
        (traps / f"{trap.name}.edxml").write_bytes(trap.file)
    index = json.dumps([trap.entry() for trap in TRAPS], ensure_ascii=False, indent=2)
    (traps / "index.json").write_text(f"{index}\n", encoding="utf-8")
    for name, file in messages().items():
        (good / f"{name}.edxml").write_bytes(file)


if __name__ == "__main__":
    build(FOLDER)
