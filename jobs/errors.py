"""What can go wrong around a job, apart from the work itself."""

from core.errors import ApplicationError


class LeaseLostError(ApplicationError):
    """Another worker has taken the job over; whatever this one did must not be kept."""

    category = "queue"
    expected = True


class JobCancelledError(ApplicationError):
    """The user asked for the work to stop."""

    category = "queue"
    expected = True


class JobUnfinishedError(ApplicationError):
    """A task's body ended without saying how its job ended: a bug in the task."""

    category = "queue"
