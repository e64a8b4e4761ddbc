"""What happens to a message: intake, forwarding, receiving, sequencing, notifying; only `examine` decides."""
