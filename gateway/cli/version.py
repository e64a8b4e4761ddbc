"""`vanthu version`."""

from __future__ import annotations


def version() -> None:
    """In phiên bản. Print the version.

    Example: vanthu version
    """
    from importlib.metadata import PackageNotFoundError  # noqa: PLC0415 - start-up time
    from importlib.metadata import version as installed  # noqa: PLC0415 - start-up time

    try:
        found = installed("vanthu")
    except PackageNotFoundError:
        found = "chưa cài đặt · not installed"
    print(f"vanthu {found}")
