"""The list of errors: what is written down is what the classes say, and every problem's link leads there."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from gateway.api import error_list
from gateway.api.catalogue import entries
from gateway.api.problem_status import STATUS
from tests.api.world import World

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def test_written_list_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """`docs/errors.md` is what `python -m gateway.api.errors_page` prints now."""
    runpy.run_module("gateway.api.errors_page", run_name="__main__")

    assert PAGE.read_text(encoding="utf-8") == capsys.readouterr().out


def test_every_code_has_a_section() -> None:
    """Each code has an anchor, its status, both languages and what to do."""
    text = error_list.markdown()

    for entry in entries():
        assert f'### <a id="{entry.code}"></a>`{entry.code}`' in text
        assert all((entry.vi, entry.en, entry.fix_vi, entry.fix_en, entry.about))
    assert len(entries()) == len(STATUS)


@pytest.mark.asyncio(loop_scope="session")
async def test_links_of_problems_lead_there(gateway: World) -> None:
    """The `type` of a problem is an anchor of the page that the gateway serves."""
    problem = await gateway.call("GET", "/v1/inbox", token=None)
    path, _, anchor = problem.json["type"].partition("#")

    page = await gateway.call("GET", path, token=None)

    assert f'<article id="{anchor}">' in page.body.decode()
