"""The exception tree: every error that the application raises on purpose, with what the strategy needs to know of it.

`category` is a key of strategy.toml. `expected` errors are the user's to mend and are never reported.
`retryable` ones are worth another try by a task. Foreign exceptions are classified in strategy.toml.
"""


class ApplicationError(Exception):
    """The root. Its text is meant for the user: it names the thing, the value and the way out."""

    category = "uncategorised"
    expected = False
    retryable = False


class UserInputError(ApplicationError):
    """What the user gave cannot be used; told to the user, never reported."""

    category = "validation"
    expected = True


class PipelineError(ApplicationError):
    """Our own processing produced something wrong. A bug or bad luck, in either case ours: reported."""

    category = "data_processing"


class ModelTrainingError(ApplicationError):
    """Training or predicting failed for a reason that is not the user's choice of inputs."""

    category = "ml_processing"


class ExternalServiceError(ApplicationError):
    """A service outside did not answer, or not with what it promised. `service` is its name, the tag of the event."""

    category = "external_service"
    retryable = True
    service = ""
