"""Holds every answer that a test gets against the OpenAPI document: path, method, status, media type, headers and body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_BASE: Final = "urn:openapi"
_PARAMETER: Final = re.compile(r"\{\w+\}")


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    text = files("gateway.api").joinpath("openapi.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def operations() -> set[tuple[str, str]]:
    """Return every method and path that it describes."""
    return {
        (method.upper(), path)
        for path, item in document()["paths"].items()
        for method in item
        if method in {"get", "post", "put", "patch", "delete"}
    }


def check(method: str, path: str, *, status: int, headers: Mapping[str, str], body: Any) -> None:
    """Fail if this answer is not described; paths that are not in the document, and 405, may be answered by any problem."""
    operation = _operation(method, path)
    if operation is None or status == 405:
        assert status in {404, 405}, f"{method} {path} is not described"
        validator("#/components/schemas/Problem").validate(body)
        return
    described = operation["responses"].get(str(status))
    assert described is not None, f"{method} {path} answered {status}, which is not described: {body}"
    response = _resolved(described)
    _check_headers(response, headers)
    content = response.get("content", {})
    if body is None or not content:
        return
    media_type = headers["Content-Type"].partition(";")[0]
    assert media_type in content, f"{method} {path} answered {media_type}"
    if "schema" in content[media_type]:
        pointer = _pointer(method, path, status, media_type)
        validator(pointer).validate(body)


def _check_headers(response: dict[str, Any], headers: Mapping[str, str]) -> None:
    optional = {"Idempotency-Replayed"}
    missing = [name for name in response.get("headers", {}) if name not in optional and name not in headers]
    assert not missing, f"headers that are described and missing: {missing}"


def _operation(method: str, path: str) -> dict[str, Any] | None:
    template = _template(path)
    method = "get" if method == "HEAD" else method.lower()
    item: dict[str, Any] = document()["paths"].get(template, {})
    operation: dict[str, Any] | None = item.get(method)
    return operation


@cache
def _template(path: str) -> str | None:
    bare = path.partition("?")[0]
    for template in sorted(document()["paths"], key=lambda each: each.count("{")):
        parts = (re.escape(part) for part in _PARAMETER.split(template))
        if re.fullmatch("[^/]+".join(parts), bare):
            return str(template)
    return None


def _pointer(method: str, path: str, status: int, media_type: str) -> str:
    method = "get" if method == "HEAD" else method.lower()
    template = _template(path) or ""
    described = document()["paths"][template][method]["responses"][str(status)]
    base = described.get("$ref") or _join("paths", template, method, "responses", str(status))
    return f"{base}/{_escaped('content')}/{_escaped(media_type)}/schema"


def _join(*steps: str) -> str:
    return "#/" + "/".join(map(_escaped, steps))


def _escaped(step: str) -> str:
    return (
        step.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D").replace("+", "%2B")
    )


def _resolved(described: dict[str, Any]) -> dict[str, Any]:
    reference = described.get("$ref")
    if reference is None:
        return described
    found: Any = document()
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    resolved: dict[str, Any] = found
    return resolved


@cache
def validator(pointer: str) -> Draft202012Validator:
    """Return what checks a value against a schema of the document."""
    registry: Registry[Any] = Registry().with_resource(_BASE, DRAFT202012.create_resource(document()))
    return Draft202012Validator(
        {"$ref": f"{_BASE}{pointer}"}, registry=registry, format_checker=FormatChecker()
    )
