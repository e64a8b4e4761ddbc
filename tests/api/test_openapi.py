"""The OpenAPI document: valid, complete, and true, also under generated requests.

That every answer in the other tests fits it is checked in `tests.api.world`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
import yaml
from openapi_spec_validator import validate

from gateway.api.application import ROUTES
from gateway.api.catalogue import entries
from schemas.profiles import Profile, xsd
from tests.api.contract import document, operations, validator
from tests.api.world import World


def test_it_is_valid() -> None:
    """It is a valid OpenAPI 3.1 document."""
    validate(document())

    assert document()["openapi"].startswith("3.1.")


def test_it_describes_every_route_and_no_other() -> None:
    """Routes and paths are the same, but for the parts of the documentation page."""
    routes = {(method, path) for method, path, _ in ROUTES if path != "/docs/{asset}"}

    assert operations() == routes


def test_open_routes_are_marked() -> None:
    """Where no token is needed, the document says so, and nowhere else."""
    unguarded = {
        path
        for path, item in document()["paths"].items()
        for operation in item.values()
        if operation.get("security") == []
    }

    assert unguarded == {
        "/v1/keys",
        "/v1/log/checkpoint",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.yaml",
        "/asyncapi.yaml",
        "/errors",
        "/schemas/edxml-strict.xsd",
        "/schemas/edxml-tolerant.xsd",
        "/docs",
    }


def test_every_operation_is_described_in_both_languages() -> None:
    """Each operation has an id, a tag, and a summary in Vietnamese and English."""
    for item in document()["paths"].values():
        for operation in item.values():
            assert operation["operationId"]
            assert operation["tags"]
            assert " · " in operation["summary"]


@pytest.mark.asyncio(loop_scope="session")
async def test_it_is_served(gateway: World) -> None:
    """The gateway serves the document that the tests read."""
    answer = await gateway.call("GET", "/openapi.yaml", token=None)

    assert answer.headers["Content-Type"] == "application/yaml"
    assert answer.body.startswith(b"openapi: 3.1.")


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("profile", Profile)
async def test_schemas_are_served(gateway: World, profile: Profile) -> None:
    """Everybody gets the XML Schemas as they are shipped."""
    answer = await gateway.call("GET", f"/schemas/edxml-{profile.value}.xsd", token=None)

    assert answer.headers["Content-Type"] == "application/xml"
    assert answer.body == xsd(profile)


def test_examples_of_problems_are_real() -> None:
    """Each example of a problem fits the schema, and its texts are those that the class of its code gives."""
    known = {entry.code: entry for entry in entries()}
    for name, example in document()["components"]["examples"].items():
        problem = example["value"]
        if "errors" not in problem:
            continue
        validator("#/components/schemas/Problem").validate(problem)
        entry = known[problem["code"]]
        assert problem["status"] in {entry.status, 410}, name
        for text in ("vi", "en", "fix_vi", "fix_en"):
            template = re.sub(r"‹\w+›", ".+", re.escape(getattr(entry, text)))
            assert re.fullmatch(template, problem[text]), (name, text)


def test_other_examples_fit_their_schema() -> None:
    """The examples of an acceptance, of checks and of an agency are possible answers."""
    examples = document()["components"]["examples"]

    for name in ("CheckedAccepted", "CheckedRefused"):
        validator("#/components/schemas/Checked").validate(examples[name]["value"])
    validator("#/components/schemas/Accepted").validate(examples["Accepted"]["value"])
    validator("#/components/schemas/Agency").validate(examples["Agency"]["value"])


def test_no_name_stands_twice() -> None:
    """YAML readers keep the last of two members with one name, or refuse the document."""
    twice = []
    for event in _mappings(
        yaml.compose(files("gateway.api").joinpath("openapi.yaml").read_bytes(), yaml.SafeLoader)
    ):
        names = [name.value for name, _ in event.value]
        twice += [name for name in names if names.count(name) > 1]

    assert twice == []


def _mappings(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value)
