"""The running service: everything that waits, stores, sends or prints, and the wiring of it (docs/life-of-a-document.md)."""
