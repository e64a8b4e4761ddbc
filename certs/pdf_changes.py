"""What was added to a PDF after a signature: pyHanko's comparison of revisions, with rules of our own (ISO 32000-2 §12.8.2).

Allowed are more signatures, document time stamps, what keeps signatures verifiable (DSS, ETSI EN 319 142-1 §5.4), and metadata
that no page shows. Its default also lets form fields be filled in, with fonts and appearances that a signer prepared before (a
shadow attack), so the rule for these is left out, and whatever changes the resources of a form, or the entries that viewers draw
its fields with, speaks against the signature. Only the process that reads PDF files imports this.
"""

from collections.abc import Iterable
from typing import Final

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.xref import XRefSectionType
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    CatalogModificationRule,
    DiffResult,
    DocInfoRule,
    DSSCompareRule,
    FieldComparisonContext,
    FieldMDPRule,
    FormUpdate,
    FormUpdatingRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.rules.form_field_rules import is_field_visible
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from certs.pdf_rules import HARMLESS, PdfChange

_FORM_KEYS: Final = frozenset({"/Fields"})
"""What may change in the form itself; other entries would have viewers draw fields anew, or with another font or colour."""

_BY_LEVEL: Final = {
    ModificationLevel.LTA_UPDATES: PdfChange.ARCHIVAL,
    ModificationLevel.FORM_FILLING: PdfChange.FORM_FILLING,
}


class _SignaturesOnly(FieldMDPRule):
    """Lets signatures be added, as pyHanko's rule does, at the level of what is harmless."""

    def __init__(self, rule: FieldMDPRule) -> None:
        self._rule = rule

    def apply(self, context: FieldComparisonContext) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
        """Yield what a revision may update; a time stamp that can be seen is none of it."""
        for spec in context.field_specs.values():
            field = spec.new_field
            if field is not None and _is_visible_timestamp(field, spec.old_field):
                raise SuspiciousModification("a document time stamp has an appearance")
        for _, update in self._rule.apply(context):
            yield ModificationLevel.LTA_UPDATES, update


def _is_visible_timestamp(field: dict[str, object], before: dict[str, object] | None) -> bool:
    if "/V" not in field or (before is not None and "/V" in before):
        return False
    value = field["/V"]
    return isinstance(value, dict) and value.get("/Type") == "/DocTimeStamp" and is_field_visible(field)


def _policy(*field_rules: FieldMDPRule) -> StandardDiffPolicy:
    harmless = ModificationLevel.LTA_UPDATES
    return StandardDiffPolicy(
        global_rules=[
            CatalogModificationRule(),
            DocInfoRule().as_qualified(harmless),
            XrefStreamRule().as_qualified(harmless),
            ObjectStreamRule().as_qualified(harmless),
            DSSCompareRule().as_qualified(harmless),
            MetadataUpdateRule().as_qualified(harmless),
        ],
        form_rule=FormUpdatingRule(field_rules=list(field_rules), ignored_acroform_keys=_FORM_KEYS),
    )


_CREATION: Final = SigFieldCreationRule()
_FILLING: Final = SigFieldModificationRule()
_SIGNATURES: Final = _policy(_SignaturesOnly(_CREATION), _SignaturesOnly(_FILLING))
_NO_CHANGES: Final = _policy(_CREATION, _FILLING)
"""For a signature that allows none (DocMDP 1): another signature counts as a filling, and only time stamps and DSS may follow."""


def change_after(signature: EmbeddedPdfSignature, reader: PdfFileReader, *, lenient: bool) -> PdfChange:
    """Say what followed the revision of a signature that covers all of it.

    `lenient` tells that the file has faults that a strict reader minds: then revisions cannot be compared with certainty. Nor can
    they in an encrypted file, whose keys stand outside what is compared.
    """
    if lenient or reader.encrypted:
        return PdfChange.UNREADABLE
    last = reader.xrefs.total_revisions - 1
    revision = signature.signed_revision
    if revision == last or not _ends_with_revision(reader):
        return PdfChange.APPENDED
    if any(_is_hybrid(reader, later) for later in range(revision + 1, last + 1)):
        # Two kinds of viewer would see two documents. Before the signature it was the signer who could know that.
        return PdfChange.OTHER
    change = _compared(signature, reader)
    if change in HARMLESS and _has_new_empty_field(signature, reader):
        return PdfChange.EMPTY_FIELD
    return change


def _compared(signature: EmbeddedPdfSignature, reader: PdfFileReader) -> PdfChange:
    allowed: MDPPerm | None = signature.docmdp_level
    locks: FieldMDPSpec | None = signature.fieldmdp
    policy = _NO_CHANGES if allowed is MDPPerm.NO_CHANGES else _SIGNATURES
    revision = signature.signed_revision
    result = policy.review_file(reader, revision, field_mdp_spec=locks, doc_mdp=allowed)
    if isinstance(result, DiffResult):
        forbidden = allowed is not None and result.modification_level.value > allowed.value
        return PdfChange.PERMISSIONS if forbidden else _named(result)
    # Only to say why: what is allowed where nothing is forbidden, and what pyHanko would make of it.
    if (allowed is not None or locks is not None) and _named(
        _SIGNATURES.review_file(reader, revision)
    ) in HARMLESS:
        return PdfChange.PERMISSIONS
    change = _named(DEFAULT_DIFF_POLICY.review_file(reader, revision))
    return PdfChange.OTHER if change in HARMLESS else change


def _named(result: DiffResult | SuspiciousModification) -> PdfChange:
    if not isinstance(result, DiffResult):
        return PdfChange.OTHER
    return _BY_LEVEL.get(result.modification_level, PdfChange.OTHER)


def _ends_with_revision(reader: PdfFileReader) -> bool:
    """Tell whether the file ends where its last revision does, save for one line end."""
    stream = reader.stream
    end = stream.seek(0, 2)
    stream.seek(max(end - 64, 0))
    words = stream.read().rsplit(b"startxref", 1)[-1]
    number, _, rest = words.partition(b"%%EOF")
    return number.strip() == str(reader.last_startxref).encode() and rest in {b"", b"\n", b"\r", b"\r\n"}


def _is_hybrid(reader: PdfFileReader, revision: int) -> bool:
    kind = reader.xrefs.get_xref_container_info(revision).xref_section_type
    return bool(kind == XRefSectionType.HYBRID_MAIN)


def _has_new_empty_field(signature: EmbeddedPdfSignature, reader: PdfFileReader) -> bool:
    signed = reader.get_historical_resolver(signature.signed_revision)
    before = {name for name, _, _ in enumerate_sig_fields(signed, filled_status=False)}
    return any(name not in before for name, _, _ in enumerate_sig_fields(reader, filled_status=False))
