"""Requests that nobody thought of, good and bad ones: schemathesis makes them from the OpenAPI document."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from gateway.api.connections import STOPPING
from gateway.flow.access import Role, new_token
from schemas.document import Organization
from tests.api.world import NOW, World, a_document, world

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ignored_auth",
)
EXAMPLES = 4


async def test_generated_requests(tmp_path: Path) -> None:
    """No generated request breaks the gateway, and every answer is one that the document describes."""
    async with world(tmp_path) as gateway:
        # Nobody is kept waiting: a generated `wait=60` should not take a minute.
        gateway.api[STOPPING].set()
        sent = (await gateway.send(a_document(recipients=(Organization(organ_id="H26.1"),)))).json
        await gateway.arrived(sent["id"], member="hanoi")

        status, report = await _fuzz(gateway, await _token(gateway))

        assert status == 0, report


async def _token(gateway: World) -> str:
    """Return a token that may do everything, so that requests get past the door."""
    token, credential = new_token(
        label="fuzz", member_id="hanoi", at=NOW, roles=[role.value for role in Role]
    )
    await gateway.store.accounts.issue(credential, actor="test")
    return token


async def _fuzz(gateway: World, token: str) -> tuple[int, str]:
    command = [
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"),
        f"{gateway.url}/openapi.yaml",
        *("--header", f"Authorization: Bearer {token}"),
        *("--checks", ",".join(CHECKS)),
        *("--phases", "coverage,fuzzing"),
        *("--mode", "all"),
        *("--max-examples", str(EXAMPLES)),
        *("--seed", "20250701"),
        *("--warnings", "off"),
        "--no-color",
    ]
    # In an empty folder, so that neither a configuration nor an example database of the project plays a part.
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=gateway.context.spool,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()
