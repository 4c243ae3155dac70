"""JSON as SDKs really send it: NaN from Python, lone surrogates from JavaScript, control characters from everywhere.

Well-formed payloads take the fast way. The others are read by the standard library and made such that each part of
the monitor can store and print them: NaN and Infinity become None, half a surrogate pair becomes U+FFFD.
"""

import json
from typing import Any

import orjson

from monitor.protocol.errors import ProtocolError, Reason

_DIGITS_MAX = 300


def load_json(data: bytes | memoryview) -> Any:
    """Raises ProtocolError (invalid_json) and nothing else, whatever the bytes are. Up to 1,024 levels deep."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _load_odd(bytes(data))


def load_object(data: bytes | memoryview) -> dict[str, Any]:
    """The same where only an object makes sense."""
    value = load_json(data)
    if not isinstance(value, dict):
        raise ProtocolError(
            Reason.INVALID_JSON, f"The payload is a JSON {_name(value)}; it must be an object."
        )
    return value


def _load_odd(data: bytes) -> Any:
    try:
        text = data.decode("utf-8-sig", errors="replace")
        value = json.loads(
            text, strict=False, parse_constant=_no_number, parse_int=_integer, parse_float=_float
        )
        return _without_surrogates(value)
    except RecursionError as error:
        raise ProtocolError(Reason.INVALID_JSON, "The JSON is nested too deep; send fewer levels.") from error
    except ValueError as error:
        raise ProtocolError(Reason.INVALID_JSON, f"The payload is no JSON: {error}.") from error


def _no_number(_: str) -> None:
    return None


def _integer(digits: str) -> int | float | None:
    return int(digits) if len(digits) <= _DIGITS_MAX else None


def _float(digits: str) -> float | None:
    number = float(digits)
    return number if abs(number) != float("inf") else None


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            # Both halves of a pair, sent apart as \ud83d\ude00, are joined by the parser before this.
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return value
    if isinstance(value, list):
        return [_without_surrogates(one) for one in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(one) for key, one in value.items()}
    return value


def _name(value: object) -> str:
    names = {
        list: "array",
        str: "string",
        bool: "boolean",
        int: "number",
        float: "number",
        type(None): "null",
    }
    return names.get(type(value), "value")
