"""Change sets: what they are, what is wrong with one, what it does to the directory, and how to take it back.

`parse` reads one, `validate` says everything that speaks against it, `apply` makes of it a change of versions,
`diff` tells people what that does and signs for it by one hash, `undo` takes it back. Nothing here reads a
clock or stores anything: the same rows over the same directory always do the same.
"""
