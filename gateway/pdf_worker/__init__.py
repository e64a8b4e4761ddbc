"""Reading PDF files in a process of its own: `client` asks, `child` is that process, `confinement` is what it may not do.

A PDF reader is large and meets whatever anybody sends, so it has no network, writes no file and has little time and memory; when
it goes wrong, that file was not decided, and the next one gets a new process (`docs/adr/0013-pdf-files-are-read-elsewhere.md`).
Invariant: pyHanko is imported there only.
"""
