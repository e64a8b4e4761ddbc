"""What is wrong with the host or the database for the moment, said so that callers come again; everything else is a defect.

Invariant: what is excused was not decided, and nothing was promised. A full or failing disk, too many open files, and a database
that does not answer pass without the caller's doing.
"""

from __future__ import annotations

import errno
import os
from typing import Final

from gateway.errors import OverloadedError
from gateway.ports import Store

_PASSING: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
)


def excused(error: Exception, *, store: Store) -> Exception:
    """Return the error to show in the place of one that passes; any other one as it is."""
    if isinstance(error, OSError) and error.errno in _PASSING:
        return OverloadedError(reason=os.strerror(error.errno))
    return store.explain(error)
