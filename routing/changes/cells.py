"""What is wrong with the cells of one row, each looked at on its own, and with what they say together."""

from collections.abc import Iterator

from routing.changes.operation import DESCRIBES, NAMES_OTHERS, Op, Operation
from routing.errors import RegistryFault
from routing.errors_change import ChangeFault, ChangeReason
from routing.table_file import CANONICAL, KIND, VIETNAM, is_visible, scheme_of, spelled_out


def cell_faults(operation: Operation) -> Iterator[ChangeFault]:
    """Yield what cannot be read in a row, or cannot stand there."""
    for each in operation.unread:
        yield operation.fault(each.column, each.reason, each.value)
    unread = {each.column for each in operation.unread}
    for fault in _faults(operation):
        if fault.facts["column"] not in unread:
            yield fault


def _faults(operation: Operation) -> Iterator[ChangeFault]:
    if operation.unread and operation.op is None and not operation.code:
        return
    if operation.op is None:
        yield operation.fault("op", ChangeReason.UNKNOWN_OPERATION, "")
    if operation.valid_from is None:
        yield operation.fault("valid_from", ChangeReason.MISSING_INSTANT, "")
    yield from _code_faults(operation, "code", operation.code)
    if operation.parent:
        yield from _code_faults(operation, "parent", operation.parent)
    yield from _alias_faults(operation)
    if operation.op is not None:
        yield from _description_faults(operation, operation.op)
        yield from _successor_faults(operation, operation.op)
        yield from _forwarding_faults(operation, operation.op)


def _code_faults(operation: Operation, column: str, text: str) -> Iterator[ChangeFault]:
    """Yield what keeps a text from being the code of an agency, as the registry writes it."""
    scheme = scheme_of(text)
    if scheme in CANONICAL:
        return
    if not is_visible(text):
        yield operation.fault(column, RegistryFault.INVISIBLE, spelled_out(text))
    else:
        reason = RegistryFault.GRAMMAR if scheme is None else RegistryFault.OLD_FORM
        yield operation.fault(column, reason, text)


def _description_faults(operation: Operation, op: Op) -> Iterator[ChangeFault]:
    name, kind = operation.name or "", operation.kind or ""
    if not name and op is Op.OPEN:
        yield operation.fault("name", RegistryFault.EMPTY_NAME, "")
    if not is_visible(name):
        yield operation.fault("name", RegistryFault.INVISIBLE, spelled_out(name))
    elif name and name[0] in "=+-@":
        yield operation.fault("name", RegistryFault.FORMULA, name)
    if (kind or op is Op.OPEN) and op in DESCRIBES and not KIND.fullmatch(kind):
        reason = RegistryFault.BAD_KIND if is_visible(kind) else RegistryFault.INVISIBLE
        yield operation.fault("kind", reason, spelled_out(kind))


def _alias_faults(operation: Operation) -> Iterator[ChangeFault]:
    seen: set[str] = set()
    for alias in operation.aliases or ():
        if alias in seen:
            yield operation.fault("code_qcvn102", ChangeReason.ALIAS_REPEATED, alias)
        elif not is_visible(alias):
            yield operation.fault("code_qcvn102", RegistryFault.INVISIBLE, spelled_out(alias))
        elif scheme_of(alias) is None:
            yield operation.fault("code_qcvn102", RegistryFault.GRAMMAR, alias)
        seen.add(alias)


def _successor_faults(operation: Operation, op: Op) -> Iterator[ChangeFault]:
    if operation.successors and op not in NAMES_OTHERS:
        yield operation.fault("successors", ChangeReason.NOT_TAKEN, ";".join(operation.successors))
        return
    seen: set[str] = set()
    for successor in operation.successors:
        if successor in seen:
            yield operation.fault("successors", ChangeReason.SUCCESSOR_REPEATED, successor)
        elif successor == operation.code and op is not Op.RECONSTITUTE:
            yield operation.fault("successors", ChangeReason.SUCCESSOR_SELF, successor)
        else:
            yield from _code_faults(operation, "successors", successor)
        seen.add(successor)


def _forwarding_faults(operation: Operation, op: Op) -> Iterator[ChangeFault]:
    until = operation.forward_until
    if until is None:
        return
    shown = until.astimezone(VIETNAM).isoformat()
    if op is not Op.CLOSE:
        yield operation.fault("forward_until", ChangeReason.NOT_TAKEN, shown)
        return
    if len(operation.successors) != 1:
        yield operation.fault("forward_until", ChangeReason.FORWARD_SUCCESSOR, shown)
    if operation.valid_from is not None and until <= operation.valid_from:
        yield operation.fault("forward_until", ChangeReason.FORWARD_EARLY, shown)
