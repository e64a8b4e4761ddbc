"""What the registry costs as it grows, up to all codes of the country: reading, looking up, changing, putting in force.

    python -m benchmarks.registry [--postgresql]

For each number of codes: `load`, the processor time in which a fresh process reads the whole registry, and `memory`, by how much
that made it grow; `lookup`, from a code as sent to the system that serves it; `member`, the next version by a change of one
connected system. Then codes change as on 1 July 2025, when of 111,339 codes 11,160 ended and 3,321 began: `prepare` is the time
until all is written, with the pauses for others; `gap` the longest that one of a steady series of acceptances took all the while,
flip included, beside `usual`, the longest in as much time before. With --postgresql the acceptances come from another process,
which hears of the change by reading. Bars on two cores, for 111,339 codes: load ≤ 1 s, memory ≤ 120 MiB, lookup ≤ 5 µs, gap
≤ 50 ms.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.table import Table

from gateway.ports import StaleRegistryError
from gateway.store import SqlStore, open_store
from gateway.store.content import head
from gateway.store.database import open_database
from gateway.store.reading import read_directory
from routing.agencies import Agency, AgencyChange, Directory, Member
from routing.agency import entity_id
from routing.resolve import resolve
from tests.support.postgres import running_cluster
from tests.support.store_samples import an_acceptance
from tests.support.stores import LOG_KEY, OWN_VERIFIER

SIZES: Final = (1_000, 10_000, 100_000, 111_339)
SEED: Final = 20_250_701
CUT_OVER: Final = datetime(2025, 6, 30, 17, tzinfo=UTC)
BEFORE: Final = datetime(2025, 6, 1, tzinfo=UTC)
ENDED: Final = 11_160 / 111_339
BEGUN: Final = 3_321 / 111_339
LOOKUPS: Final = 20_000
MIB: Final = 1024**2
BREATH: Final = 0.002
"""Seconds between two acceptances."""
PROVINCES: Final = 64
DEPTH: Final = 4
"""Levels below the first; with more, a code might be longer than the 35 characters that it may have."""
_NAMES: Final = ("Ủy ban nhân dân xã", "Văn phòng", "Phòng Nội vụ", "Trường Trung học cơ sở", "Trạm Y tế")
_PLACES: Final = ("Tân Lập", "Bình Minh", "Hòa An", "Phước Thạnh", "Đông Sơn", "Mỹ Lộc", "Yên Bình")


def codes(count: int, random: Random) -> list[str]:
    """Return different codes of QĐ 20/2020/QĐ-TTg, each under one that came before."""
    made = [f"H{number:02}" for number in range(1, PROVINCES + 1)]
    children: dict[str, int] = {}
    while len(made) < count:
        above = made[random.randrange(min(len(made), count // 10))]
        if above.count(".") == DEPTH:
            continue
        children[above] = children.get(above, 0) + 1
        made.append(f"{above}.{children[above]}")
    return made


def agency(code: str, random: Random, valid_from: datetime | None = None) -> Agency:
    """Return a version of a code, with a name and an older form such as most have."""
    groups = code.split(".")
    return Agency(
        code=code,
        entity_id=entity_id(code, valid_from),
        name=f"{random.choice(_NAMES)} {random.choice(_PLACES)} {random.choice(_PLACES)}",
        parent=code.rpartition(".")[0] or None,
        kind=("province", "department", "unit", "unit")[min(len(groups), 4) - 1],
        valid_from=valid_from,
        aliases=(f"0{'.'.join(reversed(groups))}",),
    )


def country(count: int) -> tuple[list[Agency], list[Agency]]:
    """Return the agencies of before, and those that are to begin."""
    random = Random(SEED)  # noqa: S311 - the same on every run
    everything = codes(count + int(count * BEGUN), random)
    return (
        [agency(code, random) for code in everything[:count]],
        [agency(code, random, CUT_OVER) for code in everything[count:]],
    )


def cut_over(directory: Directory, begun: list[Agency]) -> AgencyChange:
    """Return the change of 1 July 2025: some codes end in favour of those that begin."""
    everything = tuple(directory.agencies())
    random = Random(SEED)  # noqa: S311 - the same on every run
    closed = tuple(random.sample(everything, round(len(everything) * ENDED)))
    ended = tuple(
        replace(each, valid_to=CUT_OVER, successors=(begun[place % len(begun)].code,))
        for place, each in enumerate(closed)
    )
    return AgencyChange(base_version=directory.version, closed=closed, added=(*ended, *begun))


def members(count: int = PROVINCES) -> Iterator[Member]:
    """Yield one connected system for each province."""
    for number in range(1, count + 1):
        yield Member(
            id=f"m{number}",
            name=f"Hệ thống {number}",
            prefixes=(f"H{number:02}",),
            queue=f"q{number}",
            gateway="g",
        )


async def opened(url: str) -> SqlStore:
    """Open a store as a gateway does."""
    return await open_store(
        url, clock=None, gateway_name="gw-north", log_key=LOG_KEY, own_verifier_key=OWN_VERIFIER
    )


class Heartbeat:
    """Accepts one document after the other and notes how long each took, a second decision included."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._running = True
        self.times: list[float] = []

    async def beat(self) -> None:
        """Go on until told to stop."""
        number = 0
        while self._running:
            begun = time.perf_counter()
            while not await self._accept(number):
                pass
            self.times.append(time.perf_counter() - begun)
            number += 1
            await asyncio.sleep(BREATH)

    async def _accept(self, number: int) -> bool:
        directory = await self._store.registry.directory()
        body = f"<edXML>{number}</edXML>".encode()
        try:
            await self._store.documents.accept(an_acceptance(body, registry_version=directory.version))
        except StaleRegistryError:
            return False
        return True

    def stop(self) -> None:
        """Finish the acceptance under way, and no other."""
        self._running = False

    def longest(self) -> float:
        """Return the longest time since this was asked last, in milliseconds."""
        times, self.times = self.times, []
        return max(times, default=0.0) * 1000


async def fill(store: SqlStore, agencies: list[Agency]) -> None:
    """Load agencies and connect the provinces."""
    await store.registry.load_agencies(agencies, actor="bench", source_sha256="00" * 32)
    for each in members():
        await store.registry.put_member(each, actor="bench")


async def beat_alone(url: str) -> None:
    """Accept documents in this process; on each line that is read print the longest time since the last."""
    store = await opened(url)
    await store.registry.directory()
    heart = Heartbeat(store)
    beating = asyncio.create_task(heart.beat())
    print("ready", flush=True)  # noqa: T201 - for the process that waits
    while await asyncio.to_thread(sys.stdin.readline):
        print(heart.longest(), flush=True)  # noqa: T201 - as above
    heart.stop()
    await beating
    await store.close()


@contextmanager
def another_process(url: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process that accepts documents."""
    with subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "benchmarks.registry", "--beat", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        _line(process)
        yield process
        process.communicate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    return process.stdout.readline()


def _longest(process: subprocess.Popen[str]) -> float:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    process.stdin.write("\n")
    process.stdin.flush()
    return float(_line(process))


async def changes(url: str, count: int, *, elsewhere: bool) -> list[str]:
    """Fill a database, change it as an administrator does, and return what that took."""
    before, begun = country(count)
    store = await opened(url)
    await fill(store, before)
    taken = time.perf_counter()
    changed = replace(next(members()), name="Tên mới")
    directory = await store.registry.put_member(changed, actor="bench")
    member = time.perf_counter() - taken
    change = cut_over(directory, begun)
    if elsewhere:
        with another_process(url) as process:
            told = await _activated(store, change, lambda: _longest(process))
    else:
        heart = Heartbeat(store)
        beating = asyncio.create_task(heart.beat())
        told = await _activated(store, change, heart.longest)
        heart.stop()
        await beating
    await store.close()
    return [f"{member * 1000:.1f}", f"{len(change.closed) + len(change.added):,}", *told]


async def _activated(store: SqlStore, change: AgencyChange, longest: Callable[[], float]) -> list[str]:
    await asyncio.sleep(2)
    await asyncio.to_thread(longest)
    await asyncio.sleep(3)
    usual = await asyncio.to_thread(longest)
    begun = time.perf_counter()
    await store.registry.change_agencies(change, actor="bench", source="00" * 32, change_id="bench")
    prepare = time.perf_counter() - begun
    await asyncio.sleep(1)
    gap = await asyncio.to_thread(longest)
    return [f"{prepare:.2f}", f"{usual:.1f}", f"{gap:.1f}"]


def cold(url: str) -> None:
    """Read the registry in this process, and print processor seconds, octets and seconds for a lookup."""
    database = open_database(url)
    with database.reads.connect() as connection:
        resident, begun = _resident(), time.process_time()
        directory = read_directory(connection, head(connection))
        seconds, grown = time.process_time() - begun, _resident() - resident
    database.close()
    random = Random(SEED)  # noqa: S311 - the same on every run
    asked = random.choices([each.code for each in directory.agencies() if each.valid_from is None], k=LOOKUPS)
    begun = time.process_time()
    for code in asked:
        directory.member_for(resolve(code, directory=directory, at=BEFORE).agency.code, BEFORE)
    lookup = (time.process_time() - begun) / LOOKUPS
    print(seconds, grown, lookup)  # noqa: T201 - for the process that waits


def _resident() -> int:
    """Return how many octets this process holds."""
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) * 1024


def _cold(url: str) -> list[str]:
    command = [sys.executable, "-m", "benchmarks.registry", "--cold", url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - ourselves
    seconds, grown, lookup = map(float, told.split())
    return [f"{seconds:.2f}", f"{grown / MIB:.0f}", f"{lookup * 1e6:.2f}"]


def measure(url: str, count: int, *, elsewhere: bool) -> list[str]:
    """Return a row of the table; what validating a change set and comparing lists costs belongs here too."""
    changed = asyncio.run(changes(url, count, elsewhere=elsewhere))
    return [*_cold(url), *changed]


def main() -> None:
    """Measure and print."""
    headings = (
        "codes",
        "load s",
        "memory MiB",
        "lookup µs",
        "member ms",
        "rows",
        "prepare s",
        "usual ms",
        "gap ms",
    )
    table = Table(*headings)
    if "--postgresql" in sys.argv:
        with running_cluster() as cluster:
            for count in SIZES:
                name = cluster.create()
                table.add_row(f"{count:,}", *measure(cluster.url(name), count, elsewhere=True))
                cluster.drop(name)
    else:
        for count in SIZES:
            with TemporaryDirectory() as folder:
                row = measure(f"sqlite:///{folder}/vanthu.db", count, elsewhere=False)
            table.add_row(f"{count:,}", *row)
    Console(width=110).print(table)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--cold", where]:
            cold(where)
        case ["--beat", where]:
            asyncio.run(beat_alone(where))
        case _:
            main()
