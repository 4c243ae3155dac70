"""What stops a start: one sentence for the person at the terminal, with the way out in it."""


class StackError(Exception):
    """The stack cannot start or go on; the message says what to do about it."""
