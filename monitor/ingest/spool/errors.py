"""Why the spool takes nothing now. Both pass by themselves: the sender is asked to come again."""

import errno

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class SpoolError(Exception):
    """`retry_after_s` is what the sender is told."""

    retry_after_s = 10


class SpoolFullError(SpoolError):
    """The spool has reached its bound, or the disk has no room."""

    retry_after_s = 30


class SpoolUnavailableError(SpoolError):
    """The directory is missing, read-only, or the disk fails."""


def spool_error(error: OSError) -> SpoolError:
    if error.errno in _NO_ROOM:
        return SpoolFullError(f"No room for the spool: {error}. Free some, or lower what the monitor keeps.")
    return SpoolUnavailableError(f"The spool cannot be written: {error}.")
