"""Does every check of the verifier have a test? Each is taken out of a copy, one at a time, and something must go red.

`python -m tests.mutation --module certs/shape.py` tells which mutants survive; `--list` only names them. What survives is a
missing test, or is in `equivalent.toml` with the reason why no test can tell the difference.
"""
