"""The road between gateways: two implementations of `ports.AxisLink`, and what travels on it."""
