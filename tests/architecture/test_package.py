"""What is shipped is what is tested: the wheel holds all data, the compose file fits its schema, the image its command."""

import subprocess
import sys
import zipfile
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
DATA = {".csv", ".pdf", ".yaml", ".mako", ".ini", ".html", ".css", ".js", ".md", ".xsd"}


def test_wheel_holds_package_data(tmp_path: Path) -> None:
    """Every data file inside the packages is in the wheel, and no private key is."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    shipped = set(zipfile.ZipFile(wheel).namelist())
    data = {
        str(path.relative_to(ROOT))
        for package in ("gateway", "schemas", "certs", "routing")
        for path in (ROOT / package).rglob("*")
        if path.suffix in DATA
    }

    assert data
    assert data - shipped == set()
    assert [name for name in shipped if name.endswith(".key")] == []


def test_compose_file_fits_its_schema() -> None:
    """`docker/compose.yaml` is valid by the Compose Specification's own schema."""
    subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"),
            str(ROOT / "docker/compose.yaml"),
        ],
        check=True,
        capture_output=True,
    )


def test_compose_starts_what_a_bare_machine_starts() -> None:
    """The image runs the same `vanthu serve`, as an unprivileged user, beside a broker and a database."""
    compose = yaml.safe_load((ROOT / "docker/compose.yaml").read_text(encoding="utf-8"))
    dockerfile = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8")

    assert compose["services"]["gateway"]["command"] == ["serve"]
    assert set(compose["services"]) == {"gateway", "database", "broker"}
    assert 'ENTRYPOINT ["vanthu"]' in dockerfile
    assert "\nUSER vanthu\n" in dockerfile
