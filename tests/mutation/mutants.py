"""Mutants: a module without one of its checks.

Taken out are, one at a time: a statement that raises, or calls something for its effect alone; a condition; an operand of `and`
and `or`; a bound of a chained comparison; a filter of a comprehension; an entry of a table; what a predicate says.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

_NEVER: Final = ast.Constant(value=False)
_TEXT: Final = 90
Change: TypeAlias = tuple[str, ast.AST, Mapping[str, Any]]
"""What is done, in words; to which node; and the fields that it then has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One changed module; the name says what was changed and stays the same when lines move."""

    module: str
    name: str
    line: int
    source: str


def mutants_of(module: str, source: str) -> Iterator[Mutant]:
    """Yield the mutants of a module, in the order of its lines."""
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    for scope, node in [("module", tree), *_scoped(tree, "module")]:
        for words, target, fields in _changes(node, scope):
            name = f"{scope}: {words}"
            seen[name] += 1
            yield Mutant(
                module=module,
                name=name if seen[name] == 1 else f"{name} ({seen[name]})",
                line=getattr(getattr(target, "iter", target), "lineno", 0),
                source=_changed(tree, target, fields),
            )


def _changed(tree: ast.Module, target: ast.AST, fields: Mapping[str, Any]) -> str:
    before = {name: getattr(target, name) for name in fields}
    for name, value in fields.items():
        setattr(target, name, value)
    source = ast.unparse(ast.fix_missing_locations(tree))
    for name, value in before.items():
        setattr(target, name, value)
    return source


def _scoped(node: ast.AST, scope: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield every node with the name of the function or class that it is or stands in."""
    for child in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inner = child.name if scope == "module" else f"{scope}.{child.name}"
        yield inner, child
        yield from _scoped(child, inner)


def _changes(node: ast.AST, scope: str) -> Iterator[Change]:
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            yield from _statements(node, field, block)
    match node:
        case ast.FunctionDef(returns=ast.Name(id="bool")):
            for answer in (True, False):
                yield f"always {answer}", node, {"body": [ast.Return(value=ast.Constant(value=answer))]}
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return  # what others may import is no check
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) if scope == "module":
            yield from _entries(value)
        case _:
            yield from _conditions(node)


def _conditions(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.If() | ast.IfExp():
            yield f"never `{_text(node.test)}`", node, {"test": _NEVER}
        case ast.BoolOp(values=values):
            for index, value in enumerate(values):
                yield f"without `{_text(value)}` in `{_text(node)}`", node, {"values": _rest(values, index)}
        case ast.Compare(left=left, ops=[first, second], comparators=[middle, last]):
            lower = {"left": middle, "ops": [ast.LtE(), second]}
            upper = {"ops": [first, ast.LtE()], "comparators": [middle, middle]}
            yield f"without `{_text(left)}` in `{_text(node)}`", node, lower
            yield f"without `{_text(last)}` in `{_text(node)}`", node, upper
        case ast.comprehension(ifs=ifs):
            for index, condition in enumerate(ifs):
                yield f"without `if {_text(condition)}`", node, {"ifs": _rest(ifs, index)}
        case _:
            return


def _text(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}…"


def _rest(items: list[Any], index: int) -> list[Any]:
    return [*items[:index], *items[index + 1 :]]


def _statements(parent: ast.AST, field: str, block: list[ast.stmt]) -> Iterator[Change]:
    if isinstance(parent, ast.If) and len(block) == 1 and not parent.orelse:
        return  # the same as if its condition never held
    for index, statement in enumerate(block):
        is_call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        if isinstance(statement, ast.Raise) or is_call:
            fields = {field: [*block[:index], ast.Pass(), *block[index + 1 :]]}
            yield f"without `{_text(statement)}`", parent, fields


def _entries(value: ast.expr) -> Iterator[Change]:
    """Yield tables without one entry each, also those in a call such as `frozenset({…})`."""
    types = {id(each.slice) for each in ast.walk(value) if isinstance(each, ast.Subscript)}
    for table in ast.walk(value):
        if id(table) in types:
            continue  # the parameters of a type, or what is looked up
        if isinstance(table, ast.Set | ast.Tuple | ast.List) and len(table.elts) > 1:
            for index, entry in enumerate(table.elts):
                yield f"without entry `{_text(entry)}`", table, {"elts": _rest(table.elts, index)}
        if isinstance(table, ast.Dict):
            for index, key in enumerate(table.keys):
                words = _text(key) if key is not None else f"**{_text(table.values[index])}"
                fields = {"keys": _rest(table.keys, index), "values": _rest(table.values, index)}
                yield f"without entry `{words}`", table, fields
