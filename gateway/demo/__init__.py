"""The story that `make run` tells, and the letter and keys that it needs."""
