"""The work behind the verbs that call a gateway: each is a coroutine over a client that returns what to print.

Invariant: nothing is printed before the gateway has answered, so that `--json` is one document or nothing.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console

from gateway.cli.exits import Exit
from gateway.cli.failures import explain
from gateway.cli.offline import read_file
from gateway.cli.output import (
    VIETNAM,
    count,
    local,
    make_console,
    plain,
    print_json,
    show_facts,
    show_fault,
    show_table,
    show_verdict,
)
from gateway.client import Client, Fault, InboxItem, ProblemError, Submitted
