"""Classes by their dotted names, and the parts of fingerprints: texts with a form of their own."""

import re
from dataclasses import dataclass

from strategy.kinds import Kind
from strategy.problems import BAD_VALUE, WRONG_TYPE, BadValueError

# getsentry/sentry, grouping/fingerprinting: unknown variables become <unrecognized-variable-x> and merge everything.
SENTRY_VARIABLES = frozenset(
    [
        "default",
        "transaction",
        "message",
        "type",
        "error.type",
        "value",
        "error.value",
        "function",
        "stack.function",
        "path",
        "stack.abs_path",
        "stack.filename",
        "module",
        "stack.module",
        "package",
        "stack.package",
        "level",
        "logger",
    ]
)


@dataclass(frozen=True)
class ClassName:
    """A class by its dotted name; written with a closing `?` when its library need not be installed."""

    dotted: str
    optional: bool = False

    def __str__(self) -> str:
        return self.dotted


@dataclass(frozen=True)
class DottedClass(Kind):
    expects: str = 'a class by its full name, as in "redis.exceptions.RedisError" (with ? when optional)'

    def read(self, raw: object) -> ClassName:
        if not isinstance(raw, str):
            raise BadValueError(WRONG_TYPE, f"{raw!r} is not a text.", f"Expected: {self.expects}.")
        dotted = raw.removesuffix("?")
        if not re.fullmatch(r"(?a:[A-Za-z_]\w*)(?a:\.[A-Za-z_]\w*)*", dotted):
            raise BadValueError(
                BAD_VALUE, f'"{raw}" is not the full name of a class.', f"Expected: {self.expects}."
            )
        return ClassName(dotted, raw.endswith("?"))


@dataclass(frozen=True)
class FingerprintPart(Kind):
    expects: str = 'a text, or a variable that Sentry knows, as in "{{ error.type }}"'

    def read(self, raw: object) -> str:
        if not isinstance(raw, str) or not raw.strip():
            raise BadValueError(WRONG_TYPE, f"{raw!r} is not a text.", f"Expected: {self.expects}.")
        for variable in re.findall(r"\{\{\s*(.*?)\s*\}\}", raw):
            if variable not in SENTRY_VARIABLES and not re.fullmatch(
                r"tags\.[a-zA-Z0-9_.:-]{1,200}", variable
            ):
                known = ", ".join(sorted(SENTRY_VARIABLES))
                raise BadValueError(
                    BAD_VALUE, f"Sentry knows no variable {variable!r}.", f"It knows {known} and tags.<name>."
                )
        return raw
