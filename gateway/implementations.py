"""Which implementation stands behind each port, as the settings say."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from gateway.axis.amqp import AmqpLink
from gateway.axis.amqp_security import Security
from gateway.axis.local import LocalLink
from gateway.distribution.following import Follower
from gateway.distribution.snapshots import Snapshots
from gateway.distribution.upstream import Upstream
from gateway.flow.notifying import Bell
from gateway.flow.pressure import Limits, Pressure
from gateway.flow.reckoning import Reckoning
from gateway.keys import GatewayKeys, load_keys
from gateway.partial import PartialFolder
from gateway.payloads import FolderPayloads
from gateway.payloads_s3 import S3Payloads
from gateway.ports import AxisLink, Clock, Payloads, Store
from gateway.revocation_stock import FolderStock
from gateway.settings import Settings, SettingsError
from gateway.store import SqlStore, open_store
from gateway.telemetry import Metrics


def open_keys(settings: Settings) -> GatewayKeys:
    """Read the signing keys, made at the first start.

    Raises:
        GatewayError: one cannot be used.

    """
    return load_keys(settings.data / "keys", gateway=settings.name, receipt=settings.receipt_key)


def open_payloads(settings: Settings) -> Payloads:
    """Open where big bodies are kept.

    Raises:
        SettingsError: the address does not fit.
        OSError: the folder cannot be used.

    """
    if settings.has_bucket:
        return S3Payloads.at(settings.payloads, settings.payload_folder, gateway=settings.name)
    return FolderPayloads(settings.payload_folder, gateway=settings.name)


async def open_own_store(settings: Settings, keys: GatewayKeys, *, clock: Clock) -> SqlStore:
    """Open the database, and take up what an earlier process left.

    Raises:
        StoreError: it cannot be used.

    """
    store = await open_store(
        settings.database_url,
        # On PostgreSQL its own clock counts, for all processes alike.
        clock=clock if settings.is_alone else None,
        gateway_name=settings.name,
        log_key=keys.log.private,
        own_verifier_key=keys.axis.verifier,
    )
    await store.receipt_keys.publish(keys.receipt.verifier)
    if settings.is_alone:
        # What an earlier process had claimed when it died need not wait for its lease to end.
        await store.documents.release_leases()
        await store.parked.release_leases()
    return store


def open_link(settings: Settings, store: SqlStore) -> AxisLink:
    """Open the axis: embedded, or RabbitMQ.

    Raises:
        SettingsError: the address does not fit.

    """
    if not settings.axis:
        return LocalLink(store.database, store.writer)
    security = Security(
        ca=settings.axis_ca,
        certificate=settings.axis_certificate,
        key=settings.axis_key,
        password=settings.axis_password,
    )
    try:
        return AmqpLink(settings.axis, queue_age=settings.axis_queue_age, security=security)
    except ValueError as error:
        raise SettingsError(f"VANTHU_AXIS: {error}") from None


class Beside(TypedDict):
    """What is made beside the ports, of this gateway's own settings and keys."""

    snapshots: Snapshots
    reckoning: Reckoning
    pressure: Pressure
    stock: FolderStock
    partial: PartialFolder


def beside(settings: Settings, store: SqlStore, keys: GatewayKeys, *, bell: Bell, metrics: Metrics) -> Beside:
    """Make what works beside the ports."""
    limits = Limits(rows=settings.outbox_rows, size=settings.outbox_bytes, reserve=settings.disk_reserve)
    clock, ledger = store.clock, store.ledger
    return {
        "snapshots": Snapshots(settings.data / "snapshots", store=store, key=keys.registry, clock=clock),
        "reckoning": Reckoning(
            ledger=ledger,
            clock=clock,
            bell=bell,
            metrics=metrics,
            overdue_after=timedelta(seconds=settings.resend_after),
        ),
        "pressure": Pressure(
            ledger=ledger,
            limits=limits,
            folders=(settings.data, settings.payload_folder),
            clock=clock,
            metrics=metrics,
        ),
        "stock": FolderStock(settings.trust_folder),
        "partial": _partial(settings),
    }


def _partial(settings: Settings) -> PartialFolder:
    """Make where the pieces of big bodies wait for each other: always on this host, whatever the bodies are kept in."""
    folder = settings.data / "partial"
    return PartialFolder(folder, room=settings.partial_bytes, reserve=settings.disk_reserve)


async def open_follower(settings: Settings, store: Store, *, clock: Clock) -> Follower | None:
    """Open what follows the registry of another gateway; None if this one keeps its own."""
    upstream = Upstream.configured(settings)
    if upstream is None:
        return None
    follower = Follower(upstream, store=store, clock=clock, folder=settings.data / "snapshots")
    await follower.open()
    return follower
