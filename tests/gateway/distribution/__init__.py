"""Searching the registry, handing it out, and following another's."""
