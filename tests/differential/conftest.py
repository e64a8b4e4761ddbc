"""How many documents the differential tests make; `make nightly` asks for many."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--documents", type=int, default=2_000, help="documents made by each differential test")


@pytest.fixture
def count(request: pytest.FixtureRequest) -> int:
    """Give the number of documents to make."""
    wanted = request.config.getoption("--documents")
    assert isinstance(wanted, int)
    return wanted
