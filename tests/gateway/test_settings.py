"""Settings: nothing is needed, everything is documented, nothing is ignored."""

import dataclasses
from pathlib import Path

import pytest

from certs.revocation import Revocation
from gateway.settings import Settings, SettingsError

ROOT = Path(__file__).parents[2]


def test_nothing_needs_to_be_set() -> None:
    """The defaults are one process on SQLite with the embedded link."""
    settings = Settings.from_environment({"PATH": "/bin", "VANTHU_CLIENT_TOKEN": "vt_x.y"})

    assert settings == Settings()
    assert settings.database_url == "sqlite:///var/vanthu.db"
    assert settings.payload_folder == Path("var/payloads")
    assert settings.trust_folder == Path("var/trust")


def test_variables_are_read_by_type() -> None:
    """Numbers become numbers and folders paths."""
    settings = Settings.from_environment(
        {"VANTHU_PORT": "9000", "VANTHU_DATA": "/srv/x", "VANTHU_PAYLOADS": "/srv/p", "VANTHU_NAME": "gw"}
    )

    assert (settings.port, settings.data, settings.payload_folder) == (9000, Path("/srv/x"), Path("/srv/p"))
    assert settings.name == "gw"


def test_modes_of_revocation() -> None:
    """Softness is the default; the other modes are named as the mode is."""
    assert Settings().revocation is Revocation.SOFT
    for mode in Revocation:
        assert Settings.from_environment({"VANTHU_REVOCATION": mode.value}).revocation is mode


@pytest.mark.parametrize(
    ("variable", "value"),
    [("VANTHU_PROT", "1"), ("VANTHU_PORT", "eighty"), ("VANTHU_PORT", "-1"), ("VANTHU_REVOCATION", "on")],
)
def test_what_does_not_fit_is_refused(variable: str, value: str) -> None:
    """A mistyped name or an impossible value stops the start and is named."""
    with pytest.raises(SettingsError, match=variable):
        Settings.from_environment({variable: value})


def test_every_setting_is_documented_for_operators() -> None:
    """`docs/operating.md` names every variable."""
    page = (ROOT / "docs/operating.md").read_text(encoding="utf-8")

    assert [
        field.name for field in dataclasses.fields(Settings) if f"`VANTHU_{field.name.upper()}`" not in page
    ] == []


def test_limits() -> None:
    """Each has its variable; without one, tokens may send as fast as they like."""
    settings = Settings.from_environment(
        {
            "VANTHU_OUTBOX_ROWS": "5",
            "VANTHU_OUTBOX_BYTES": "6",
            "VANTHU_DISK_RESERVE": "7",
            "VANTHU_REQUESTS_PER_SECOND": "8",
        }
    )
    found = (settings.outbox_rows, settings.outbox_bytes, settings.disk_reserve, settings.requests_per_second)
    assert found == (5, 6, 7, 8)
    assert Settings().requests_per_second == 0
