"""Prints the list of errors as Markdown: `python -m gateway.api.errors_page > docs/errors.md`."""

from __future__ import annotations

import sys

from gateway.api.error_list import markdown

if __name__ == "__main__":
    sys.stdout.write(markdown())
