"""Writing a file that is either whole or not there: a draft beside it that takes its name at the end.

Invariant: without `force` an existing file is never replaced, also when it appears while the draft is being written.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.cli.output import UnreadableFileError


@contextmanager
def draft_of(target: Path, *, force: bool) -> Iterator[Path]:
    """Make an empty private file that becomes `target` when the block ends well, and is removed otherwise.

    Raises:
        UnreadableFileError: there is a file already, or none can be made there.

    """
    refuse_existing(target, force=force)
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnreadableFileError(
            vi=f"Không ghi được {target}", en=f"cannot write {target}: {reason}"
        ) from error
    os.close(descriptor)
    draft = Path(name)
    try:
        yield draft
        _settle(draft, target, force=force)
    finally:
        draft.unlink(missing_ok=True)


def refuse_existing(target: Path, *, force: bool) -> None:
    """Refuse to replace a file, unless that is wanted.

    Raises:
        UnreadableFileError: there is one.

    """
    if not force and os.path.lexists(target):
        raise UnreadableFileError(
            vi=f"Đã có {target}; thêm --force để ghi đè", en=f"{target} is there already; --force replaces it"
        )


def _settle(draft: Path, target: Path, *, force: bool) -> None:
    # A draft is private; its result has the rights of any new file.
    mask = os.umask(0)
    os.umask(mask)
    draft.chmod(0o666 & ~mask)
    if force:
        draft.replace(target)
        return
    try:
        # Unlike a rename, a link never replaces.
        os.link(draft, target)
    except FileExistsError:
        refuse_existing(target, force=False)
