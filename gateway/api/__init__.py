"""The HTTP API: one module for each resource, and around them access, bodies, problems and telemetry."""

from gateway.api.application import make_api

__all__ = ["make_api"]
