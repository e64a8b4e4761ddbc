"""Reproducible measurements, told as ratios within one run; `make bench` runs them, nothing in CI depends on them."""
