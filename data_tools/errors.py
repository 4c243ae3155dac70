"""What can go wrong with a data file: the user's file cannot be read, or the user stopped the reading."""

from typing import Any

from core.errors import ApplicationError, UserInputError


class UnreadableFileError(UserInputError):
    """A file that cannot become a data source. Says where it fails and what the user can do about it."""

    category = "file"

    def __init__(
        self,
        code: str,
        message: str,
        *,
        way_out: str,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
    ) -> None:
        super().__init__(f"{message} {way_out}")
        self.code = code
        self.message = message
        self.way_out = way_out
        self.row = row
        self.column = column
        self.value = value

    @property
    def details(self) -> dict[str, Any]:
        """What a page shows beside the field or on the data source, as plain values."""
        return {
            "message": self.message,
            "way_out": self.way_out,
            "row": self.row,
            "column": self.column,
            "value": self.value,
        }


class ProcessingCancelledError(ApplicationError):
    """The user cancelled the processing, or the worker was told to give the work back. Nothing is left behind."""

    category = "data_processing"
    expected = True
