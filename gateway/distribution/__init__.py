"""Handing the registry out: searching it, the signed snapshot for others, and following the snapshot of an upstream gateway."""
