"""Which names hold secrets: `user_password`, `X-Api-Key`, `csrfmiddlewaretoken`, but not `author` or `token_count`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Secret wherever they stand in a name, even inside a word that nothing divides.
_STEMS = re.compile(
    r"password|passwd|passphrase|passcode|passwort|secret|apikey|authtoken|accesstoken|refreshtoken|csrf|xsrf"
    r"|credential|authorization|privatekey|sessionid|sessionkey|connectionstring|conninfo|creditcard|cardnumber"
    r"|socialsecurity|telefon|bearertoken|idtoken|accesskey|setcookie"
)
# Secret as a word of a name.
_SECRET_WORDS = _set(
    "pwd pw token tokens jwt bearer creds cred cookie cookies sid phpsessid jsessionid dsn ssn cvv cvc cvv2 csc iban otp "
    "totp signature hmac email emails mail phone mobile passport birthdate birthday dob"
)
# Secret beside one of these words only; "" stands for a name that is this word alone.
_SECRET_PAIRS = {
    "key": _set(
        "api secret access private signing encryption master session auth license account shared ssh gpg aes rsa"
    ),
    "auth": frozenset({"", "args", "header", "data", "basic", "proxy", "http", "hash", "string"}),
    "pass": frozenset({"", "db", "user", "smtp", "ftp", "proxy", "database", "redis", "pg"}),
    "pin": frozenset({"", "code", "card", "user"}),
    "session": frozenset({"", "id", "key", "data", "hash", "cookie"}),
    "card": _set("number no credit debit pan"),
    "url": _set("database db redis broker amqp postgres postgresql mysql mongo rabbitmq"),
    "uri": _set("database db redis broker amqp postgres postgresql mysql mongo rabbitmq"),
    "string": _set("connection conn"),
    "code": _set("verification security otp auth reset recovery backup mfa"),
    "number": _set("security account routing tax passport card phone social"),
}
_ADDRESS_PAIRS = {
    "address": _set("ip remote client peer"),
    "addr": _set("ip remote client peer"),
    "ip": frozenset({"", "client", "remote", "real", "user", "source", "connecting", "peer"}),
    "forwarded": frozenset({"", "x", "for"}),
}
# A last word that says something about the secret and is not it.
_HARMLESS_ENDINGS = _set(
    "count counts type types length len size limit limits name names method expires expiry expired at age timeout ttl "
    "valid validator validators required policy form class algorithm version index present enabled status error errors "
    "max min total used usage budget changed created updated lifetime hasher hashers backend backends engine field "
    "fields domain path samesite secure httponly prefix confirmed verified sent agent missing attempts"
)

# Of a language model's tokens, which are counted and open nothing.
_COUNTED = _set("input output prompt completion total max usage cached reasoning")


class SecretNames:
    """`is_secret(name)` and, separately because they may be allowed, `is_address(name)`; answers are cached."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self._extra = tuple(sorted({_joined(_words(name)) for name in extra} - {""}))
        self.is_secret = lru_cache(maxsize=8192)(self._is_secret)
        self.is_address = lru_cache(maxsize=4096)(_is_address)

    def _is_secret(self, name: str) -> bool:
        words = _words(name[:200])
        if not words or (len(words) > 1 and words[-1] in _HARMLESS_ENDINGS):
            return False
        if words[-1] == "tokens" and not _COUNTED.isdisjoint(words):
            return False
        joined = _joined(words)
        return (
            _STEMS.search(joined) is not None
            or not _SECRET_WORDS.isdisjoint(words)
            or _has_pair(words, _SECRET_PAIRS)
            or any(extra in joined for extra in self._extra)
        )


def _is_address(name: str) -> bool:
    return _has_pair(_words(name[:200]), _ADDRESS_PAIRS)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name) if not word.isdigit()]


def _joined(words: list[str]) -> str:
    return "".join(words)


def _has_pair(words: list[str], pairs: dict[str, frozenset[str]]) -> bool:
    for place, word in enumerate(words):
        company = pairs.get(word) or (pairs.get(word[:-1]) if word.endswith("s") else None)
        if company is None:
            continue
        if len(words) == 1:
            return "" in company
        if (place and words[place - 1] in company) or (
            place + 1 < len(words) and words[place + 1] in company
        ):
            return True
    return False
