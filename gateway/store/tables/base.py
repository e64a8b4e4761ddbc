"""The one set of tables, and how their constraints are named."""

from __future__ import annotations

from typing import Final

from sqlalchemy import MetaData

from gateway.store.columns import NAMES

metadata: Final = MetaData(naming_convention=NAMES)
