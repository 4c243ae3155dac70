"""Which names hold secrets: `user_password`, `X-Api-Key`, `csrfmiddlewaretoken`, but not `author` or `token_count`.

A name is read as its words, whatever joins them (case, hyphens, underscores, camelCase, a closing number), so that
one rule serves headers, form fields, settings, environment variables and Python names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def words_of(text: str) -> frozenset[str]:
    """A set written as a sentence."""
    return frozenset(text.split())


# A run of capitals before a capitalised word is a word of its own: HTTPAuthorization.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# One of these words anywhere in a name makes it secret.
_SECRET_WORDS = words_of(
    "password passwd passphrase passcode passwort pwd pw secret token jwt bearer credential credentials cred creds "
    "authorization cookie cookies csrf xsrf csrftoken csrfmiddlewaretoken xcsrftoken sessionid sessionkey sid "
    "phpsessid jsessionid apikey apisecret secretkey accesskey privatekey signingkey encryptionkey authkey authtoken "
    "accesstoken refreshtoken idtoken dsn conninfo ssn cvv cvc cvv2 csc cardnumber creditcard iban otp totp mfa "
    "signature hmac webhook email emails mail username surname phone mobile birthdate birthday dob "
    "passport"
)
# Words that are secret in company only; None stands for the name's only word.
_SECRET_PAIRS: dict[str, frozenset[str] | frozenset[str | None]] = {
    "key": words_of(
        "api secret access private signing encryption master session cache redis auth license storage account "
        "shared function master deploy ssh gpg pgp hmac aes rsa cookie routing"
    ),
    "keys": words_of("api secret access private cache redis session"),
    "auth": frozenset(
        [None, "args", "header", "data", "info", "basic", "proxy", "http", "hash", "string", "tuple"]
    ),
    "pass": frozenset(
        [None, "db", "user", "smtp", "ftp", "proxy", "email", "database", "redis", "pg", "my", "key"]
    ),
    "pin": frozenset([None, "code", "card", "user", "number", "secret"]),
    "session": frozenset([None, "id", "key", "data", "hash", "cookie", "django"]),
    "card": words_of("number no num credit debit pan"),
    "url": words_of("database db redis broker cache amqp postgres postgresql mysql mongo rabbitmq celery"),
    "uri": words_of("database db redis broker cache amqp postgres postgresql mysql mongo rabbitmq"),
    "string": frozenset(["connection", "conn"]),
    "str": frozenset(["connection", "conn"]),
    "code": words_of("verification security otp auth authorization reset recovery backup mfa access"),
    "codes": words_of("recovery backup"),
    "number": words_of("social security account routing tax passport card phone"),
    "security": frozenset(["social"]),
    "name": words_of("user first last full given family maiden"),
    "address": words_of("ip remote mail client email street postal home"),
    "addr": words_of("ip remote client peer"),
    "ip": frozenset(
        [None, "client", "remote", "real", "user", "source", "connecting", "peer", "host", "last"]
    ),
    "forwarded": frozenset([None, "x", "for"]),
    "user": frozenset(["remote", "db", "smtp"]),
    "birth": frozenset(["date", "of"]),
}
# Stems that are secret inside a longer word that nothing divides: mypassword, authtoken2, userpasswd.
_SECRET_STEMS = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "authtoken",
    "accesstoken",
    "csrf",
    "credential",
)

# A last word that says something about the secret and is not the secret.
_HARMLESS_ENDINGS = words_of(
    "count counts type types length len size limit limits name names method methods expires expiry expired at age "
    "timeout ttl valid validator validators required policy form class algorithm version index present enabled "
    "status error errors max min total used usage budget changed created updated lifetime hasher hashers backend "
    "backends engine field fields domain path samesite secure httponly serializer per required prefix changes "
    "confirmed verified sent agent missing attempts attempt rotation"
)
# What stands under these is personal, or a name of something: hidden, but common as a word ("rows" as a cache's key),
# so that it is looked for elsewhere only when it is distinctive.
_PERSONAL = words_of(
    "email emails mail username surname name phone mobile birthdate birthday dob birth address addr ip forwarded url "
    "uri redis cache dsn conninfo session cookie cookies"
)
# With these before "name", the name of a person is meant.
_PERSON = words_of("user first last full given family maiden")


class SecretNames:
    """Answers `is_secret`; `extra` are the names that strategy.toml adds."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self._extra = tuple(sorted({_joined(name) for name in extra} - {""}))
        self.is_secret = lru_cache(maxsize=8192)(self._is_secret)

    def is_credential(self, name: str) -> bool:
        """Whether the secret under `name` opens something, so that it is looked for in all text, however plain it is."""
        return self.is_secret(name) and not any(word.lower() in _PERSONAL for word in _WORDS.findall(name))

    def _is_secret(self, name: str) -> bool:
        """Whether what stands under `name` must not be sent."""
        if len(name) > 200:
            return True
        words = [word for word in map(str.lower, _WORDS.findall(name)) if not word.isdigit()]
        if not words:
            return False
        if len(words) > 1 and words[-1] in _HARMLESS_ENDINGS and not _names_person(words):
            return False
        if any(_is_secret_word(word) for word in words) or _has_secret_pair(words):
            return True
        joined = "".join(words)
        return any(extra in joined for extra in self._extra)


def _joined(name: str) -> str:
    return "".join(_WORDS.findall(name)).lower()


def _names_person(words: list[str]) -> bool:
    return words[-1] == "name" and words[-2] in _PERSON


def _is_secret_word(word: str) -> bool:
    return (
        word in _SECRET_WORDS
        or word.removesuffix("s") in _SECRET_WORDS
        or any(stem in word for stem in _SECRET_STEMS)
    )


def _has_secret_pair(words: list[str]) -> bool:
    for place, word in enumerate(words):
        company = _SECRET_PAIRS.get(word)
        if company is None:
            continue
        if len(words) == 1:
            if None in company:
                return True
            continue
        before = words[place - 1] if place else None
        after = words[place + 1] if place + 1 < len(words) else None
        if (before is not None and before in company) or (after is not None and after in company):
            return True
    return False
