"""Which implementation stands behind each port, as the settings say."""

from __future__ import annotations

from datetime import timedelta

from gateway.axis.amqp import AmqpLink
from gateway.axis.amqp_security import Security
from gateway.axis.local import LocalLink
from gateway.distribution.following import Follower
from gateway.distribution.upstream import Upstream
from gateway.flow.notifying import Bell
from gateway.flow.pressure import Limits, Pressure
from gateway.flow.reckoning import Reckoning
from gateway.keys import GatewayKeys, load_keys
from gateway.payloads import FolderPayloads
from gateway.payloads_s3 import S3Payloads
from gateway.ports import AxisLink, Clock, Payloads, Store
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


def make_reckoning(settings: Settings, store: SqlStore, bell: Bell, metrics: Metrics) -> Reckoning:
    """Make what reconciles the ledger."""
    overdue_after = timedelta(seconds=settings.resend_after)
    return Reckoning(
        ledger=store.ledger, clock=store.clock, bell=bell, metrics=metrics, overdue_after=overdue_after
    )


def make_pressure(settings: Settings, store: SqlStore, metrics: Metrics) -> Pressure:
    """Make what says when there is no room for more."""
    limits = Limits(rows=settings.outbox_rows, size=settings.outbox_bytes, reserve=settings.disk_reserve)
    folders = (settings.data, settings.payload_folder)
    return Pressure(ledger=store.ledger, limits=limits, folders=folders, clock=store.clock, metrics=metrics)


async def open_follower(settings: Settings, store: Store, *, clock: Clock) -> Follower | None:
    """Open what follows the registry of another gateway; None if this one keeps its own."""
    upstream = Upstream.configured(settings)
    if upstream is None:
        return None
    follower = Follower(upstream, store=store, clock=clock, folder=settings.data / "snapshots")
    await follower.open()
    return follower
