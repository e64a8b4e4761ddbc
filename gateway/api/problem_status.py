"""The one table from error code to HTTP status, for the codes of all four packages; a test finds any that is missing.

It is `problem_status.toml`, beside this file.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

STATUS: Final[Mapping[str, int]] = MappingProxyType(
    tomllib.loads(files("gateway.api").joinpath("problem_status.toml").read_text(encoding="utf-8"))
)
"""The HTTP status of every error code of the four packages; codes that never reach HTTP stand there as 500."""
