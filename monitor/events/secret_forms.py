"""Secrets that are known by their form, wherever they stand: tokens, keys, connection strings, card numbers, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address

FILTERED = "[Filtered]"

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\Z)"
)
# The password may hold a slash or an @, unencoded: up to the last @ of the word.
_URL_PASSWORD = re.compile(r"://(?:[^\s/?#'\"<>@:]{0,300}:[^\s'\"<>]{0,300}|[^\s/?#'\"<>@]{1,300})@")
_SCHEME = re.compile(
    r"\b((?i:bearer|basic|token|digest|apikey|negotiate|jwt))(\s+|%20)"
    r"(?=[^\s'\",;]*[0-9=_+/.~A-Z-])[A-Za-z0-9._~+/=-]{8,}"
)
_SCHEMES = ("bearer", "basic", "token", "digest", "apikey", "negotiate", "jwt")
_HASH = re.compile(
    r"\b(?:pbkdf2_sha\w+|scrypt|bcrypt(?:_sha256)?|argon2)\$[^\s'\")}\]]{8,}"
    r"|\$(?:argon2(?:id|i|d)?|2[abxy]|[156y]|scrypt)\$[^\s'\")}\]]{8,}"
)
# One expression for all issuers whose tokens begin with a mark of their own.
_TOKEN = re.compile(
    r"""(?x)(?<![A-Za-z0-9])(?:
      eyJ[\w-]{6,}(?:\.[\w-]*){1,4}
    | (?:AKIA|ASIA|AROA|AIDA|AGPA)[A-Z0-9]{16}\b
    | [srp]k_(?:live|test)_[0-9A-Za-z]{6,} | whsec_[0-9A-Za-z]{6,}
    | gh[pousr]_[A-Za-z0-9]{16,} | github_pat_\w{20,} | gl(?:pat|dt|rt)-[\w-]{16,}
    | (?:xox[a-z]|xapp)-[A-Za-z0-9-]{8,} | AIza[\w-]{30,} | ya29\.[\w-]{16,} | GOCSPX-[\w-]{16,}
    | sk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,} | npm_[A-Za-z0-9]{20,} | pypi-[\w-]{20,} | hf_[A-Za-z0-9]{20,}
    | dop_v1_[a-f0-9]{20,} | SG\.[\w-]{16,}\.[\w-]{16,} | shpat_[a-f0-9]{20,} | sntry[su]_[\w=+/-]{20,}
    | hooks\.slack\.com/[\w/-]+ | sq0[a-z]{3}-[\w-]{20,}
    )"""
)
# What each of them begins with, for a look that costs a twentieth of the expression's.
_TOKEN_MARKS = (
    "eyJ", "AKIA", "ASIA", "AROA", "AIDA", "AGPA", "k_live_", "k_test_", "whsec_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
    "github_pat_", "glpat-", "gldt-", "glrt-", "xox", "xapp-", "AIza", "ya29.", "GOCSPX-", "sk-", "npm_", "pypi-", "hf_",
    "dop_v1_", "SG.", "shpat_", "sntrys_", "sntryu_", "hooks.slack.com", "sq0",
)  # fmt: skip
_EMAIL = re.compile(r"(?<![\w.+%&!#$*-])[\w.+%&!#$*-]++@[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z]{2,24}\b")
_EMAIL_ENCODED = re.compile(r"[\w.+-]{1,64}%40[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z]{2,24}\b")
_ROW = re.compile(r"(Key \([^)]*\)=)\((?:[^()]|\([^()]*\))*\)|(Failing row contains )\((?s:.*)\)")
_CARD = re.compile(r"(?<![\w.])(?:\d[ -]?){12,18}\d(?![\w]|\.\d)")
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9A-Fa-f]*:)(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:\.\d{1,3}){0,3}(?:%\w+)?(?![\w:])"
)
_LOCAL = frozenset({"127.0.0.1", "0.0.0.0", "255.255.255.255"})  # noqa: S104 (kept in text, nothing listens)
_LONG_DIGITS = re.compile(r"\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d")


def is_card_number(digits: str) -> bool:
    """13 to 19 digits of a card network's range (2 to 6) with the check digit of ISO/IEC 7812-1 (Luhn)."""
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456" or digits == digits[0] * len(digits):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


class SecretForms:
    """`remove` over one text; `patterns` are the expressions that strategy.toml adds."""

    def __init__(self, patterns: Iterable[str] = (), *, addresses_allowed: bool = False) -> None:
        self._extra = tuple(re.compile(pattern) for pattern in patterns)
        self._addresses_allowed = addresses_allowed

    def remove(self, text: str, *, code: bool = False) -> str:
        """`text` without what is a secret by its form. Of `code`, numbers and addresses are left alone.

        A literal that is cheap to look for stands before each expression, so that ordinary text costs little.
        """
        if "PRIVATE KEY" in text:
            text = _PRIVATE_KEY.sub(FILTERED, text)
        if "://" in text and "@" in text:
            text = _URL_PASSWORD.sub(f"://{FILTERED}@", text)
        if "$" in text:
            text = _HASH.sub(FILTERED, text)
        if "@" in text:
            text = _EMAIL.sub(FILTERED, text)
        if "%40" in text:
            text = _EMAIL_ENCODED.sub(FILTERED, text)
        if len(text) >= 13:
            for mark in _TOKEN_MARKS:
                if mark in text:
                    text = _TOKEN.sub(FILTERED, text)
                    break
            lower = text.lower()
            if any(scheme in lower for scheme in _SCHEMES):
                text = _SCHEME.sub(rf"\g<1> {FILTERED}", text)
            if "=(" in text or "row contains" in text:
                text = _ROW.sub(lambda match: f"{match[1] or match[2]}({FILTERED})", text)
        if not code:
            text = self._numbers(text)
        for expression in self._extra:
            text = expression.sub(FILTERED, text)
        return text

    def _numbers(self, text: str) -> str:
        if "-" in text and len(text) >= 11:
            text = _SSN.sub(FILTERED, text)
        if len(text) >= 13 and _LONG_DIGITS.search(text):
            text = _CARD.sub(_card, text)
        if not self._addresses_allowed:
            if text.count(".") > 2:
                text = _IPV4.sub(_ipv4, text)
            if text.count(":") > 1:
                text = _IPV6.sub(_ipv6, text)
        return text


def _card(match: re.Match[str]) -> str:
    return FILTERED if is_card_number(re.sub(r"\D", "", match[0])) else match[0]


def _ipv4(match: re.Match[str]) -> str:
    if match[0] in _LOCAL:
        return match[0]
    try:
        IPv4Address(match[0])
    except AddressValueError:
        return match[0]
    return FILTERED


def _ipv6(match: re.Match[str]) -> str:
    text = match[0]
    # "1::2" is a slice and "::" a scope; 12:30:45 is a time. An address has more to it.
    if len(text.replace(":", "")) < 5 or (text.count(":") < 3 and "::" not in text):
        return text
    try:
        IPv6Address(text.split("%")[0])
    except AddressValueError:
        return text
    return FILTERED
