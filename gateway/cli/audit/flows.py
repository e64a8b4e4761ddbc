"""Every flow: the number given last must be the highest that the log tells, so that the next one is given once."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.cli.audit.findings import Difference, compare, missing, unlogged
from gateway.cli.audit.testimony import Testimony
from gateway.store import Audit
from gateway.store.tables import flow


def check_flows(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield flows whose count is not the log's, that it never heard of, and those that are gone."""
    highest = _highest(log)
    for row in audit.rows(flow):
        where = f"flow[{row.sender} → {row.recipient}]"
        logged = highest.pop((row.sender, row.recipient), None)
        if logged is None and row.last:
            yield unlogged(where)
        else:
            # A flow whose only messages were refused at the last moment is there, and counts nothing.
            yield from compare(where, {"last": (logged or 0, row.last)})
    for sender, recipient in sorted(highest):
        yield missing(f"flow[{sender} → {recipient}]")


def _highest(log: Testimony) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for life in log.lives.values():
        for route in life.routes:
            number = route.get("flow_seq")
            if life.accepted is not None and isinstance(number, int):
                pair = (str(life.accepted["sender"]), str(route["code"]))
                found[pair] = max(number, found.get(pair, 0))
    return found
