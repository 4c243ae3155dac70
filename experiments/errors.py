"""What can go wrong with an experiment: the user's choice (told) or the training itself (reported)."""

from core.errors import ApplicationError, ModelTrainingError, UserInputError


class ExperimentGuardError(UserInputError):
    """An experiment that would give no honest answer, refused before anything is trained.

    `code` is stable and machine-readable, `field` is the field of the specification to mend
    (None when it is not one field), `way_out` says how.
    """

    def __init__(self, code: str, message: str, way_out: str, field: str | None = None) -> None:
        # All four reach Exception, so that the error survives the pickling between worker processes.
        super().__init__(code, message, way_out, field)
        self.code = code
        self.message = message
        self.way_out = way_out
        self.field = field

    def __str__(self) -> str:
        return f"{self.message} {self.way_out}"


class TrainingDivergedError(ModelTrainingError):
    """A model gave values that are not finite, or beyond anything that the target can be."""


class TrainingCancelledError(ApplicationError):
    """The user cancelled, or the worker was told to stop; nothing is wrong."""

    expected = True
