"""The night of 1 July 2025, rehearsed: load at full speed across the instant, and a checker that replays every decision.

`make cutover-rehearsal` runs it; `make test` runs it shortened. Several gateway processes share one PostgreSQL and one RabbitMQ,
the database's clock is injected and each process has one of its own that is wrong, the broker stands still at the instant, and
14,481 changes take effect at once.
"""
