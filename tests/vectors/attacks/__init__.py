"""Good and hostile files for every kind of attack on signatures that a file can carry, each with the answer that it must get.

One module for each concern; `tests.vectors.build_attacks` writes them all to a folder. Rows are those of the table in
`tests/vectors/attacks/README.md`. A file is made only when it is asked for, so naming them all costs nothing.
"""
