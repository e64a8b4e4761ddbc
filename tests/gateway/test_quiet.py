"""Working quietly: the collector rests and turns are short, and afterwards all is as it was."""

from __future__ import annotations

import gc
import sys

import pytest

from gateway.store.quiet import quietly


def test_all_is_as_it_was_afterwards() -> None:
    """However many work quietly, the last one goes back."""
    before = (gc.isenabled(), sys.getswitchinterval())

    with quietly():
        with quietly():
            assert (gc.isenabled(), sys.getswitchinterval()) == (False, 0.0005)
        assert (gc.isenabled(), sys.getswitchinterval()) == (False, 0.0005)

    assert (gc.isenabled(), sys.getswitchinterval()) == before
    assert before[0]


def test_a_failure_leaves_nothing_behind() -> None:
    """Also when the work breaks off."""
    with pytest.raises(KeyError), quietly():
        raise KeyError

    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    """Who runs without it finds it so."""
    gc.disable()
    try:
        with quietly():
            pass

        assert not gc.isenabled()
    finally:
        gc.enable()
