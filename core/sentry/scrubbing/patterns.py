"""Secrets that are known by their form wherever they stand: keys, tokens, connection strings, card numbers, addresses.

Each rule has cheap literal triggers; its expression runs only over text that contains one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

FILTERED = "[Filtered]"

Replacement = str | Callable[[re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class ValueRule:
    """`triggers` are lower-case literals, one of which is in every text that `expression` can match; none: always run."""

    name: str
    triggers: tuple[str, ...]
    expression: re.Pattern[str]
    replacement: Replacement = FILTERED


def _rule(name: str, triggers: str, expression: str, replacement: Replacement = FILTERED) -> ValueRule:
    return ValueRule(name, tuple(triggers.split()), re.compile(expression), replacement)


def luhn(digits: str) -> bool:
    """Whether `digits` carry the check digit of ISO/IEC 7812-1, as payment cards do."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card_number(digits: str) -> bool:
    """A payment card's number: 13 to 19 digits of a network's range (2 to 6), with Luhn's check digit."""
    return (
        13 <= len(digits) <= 19
        and digits[0] in "23456"
        and digits != digits[0] * len(digits)
        and luhn(digits)
    )


def _card(match: re.Match[str]) -> str:
    return FILTERED if is_card_number(re.sub(r"\D", "", match[0])) else match[0]


_LOCAL = frozenset({"127.0.0.1", "0.0.0.0", "255.255.255.255"})  # noqa: S104 (kept in text, nothing listens)


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
    # "1::2" is a slice and "::" a scope; an address has a longer group or several.
    if len(text.replace(":", "")) < 5:
        return text
    try:
        IPv6Address(text.split("%")[0])
    except AddressValueError:
        return text
    return FILTERED


def _ssn(match: re.Match[str]) -> str:
    area = int(match[1])
    return match[0] if area in {0, 666} or area >= 900 or match[2] == "00" or match[3] == "0000" else FILTERED


_URL_PASSWORD = re.compile(r"(://)(?:[^/?#@:]*:.*|[^/?#@]+)@", re.DOTALL)


def _url_passwords(match: re.Match[str]) -> str:
    # Cut after the last @: behind it each `://` would look for one more, to the end, in vain.
    before, at, after = match[0].rpartition("@")
    return _URL_PASSWORD.sub(rf"\g<1>{FILTERED}@", before + at) + after


PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\Z)"
)
"""Taken out before all else: it spans lines and holds marks that other rules would take for their own."""

_URL_SAFE = r"[A-Za-z0-9_-]"

VALUE_RULES: tuple[ValueRule, ...] = (
    # The password may hold a slash or an @, unencoded: up to the last @ of the word.
    _rule("url_password", "://", r"://[^\s'\"<>]*+", _url_passwords),
    _rule(
        "user_password",  # without a scheme: `//ada:word@host`, `jdbc:oracle:thin:ada/word@host`
        "// jdbc:oracle:",
        r"((?<![:\w])//[^\s'\"<>:/?#@]{1,64}:(?!\d{1,5}/)|jdbc:oracle:[a-z]+:[^\s'\"<>:/@]{1,64}/)[^\s'\"<>]{1,200}@(?=[\w/\[])",
        rf"\g<1>{FILTERED}@",
    ),
    _rule(
        "webhook",
        "hooks.slack /webhooks/",
        r"(hooks\.slack\.com/|/api/webhooks/)[\w/-]+",
        rf"\g<1>{FILTERED}",
    ),
    _rule(
        "authorization",
        "bearer basic token digest apikey negotiate jwt",
        r"\b((?i:bearer|basic|token|digest|apikey|negotiate|jwt))(\s+|%20)"
        r"(?=[^\s'\",;]*[0-9=_+/.~A-Z-])[A-Za-z0-9._~+/=-]{8,}",
        rf"\g<1> {FILTERED}",
    ),
    _rule("jwt", "eyj", rf"\beyJ{_URL_SAFE}{{6,}}(?:\.{_URL_SAFE}*){{1,4}}"),
    _rule(
        "password_hash",
        "$",
        r"\b(?:pbkdf2_sha\w+|scrypt|bcrypt(?:_sha256)?|md5|sha1|unsalted_\w+|argon2)\$[^\s'\")}\]]{8,}"
        r"|\$(?:argon2(?:id|i|d)?|2[abxy]|[156y]|scrypt|pbkdf2[\w-]*)\$[^\s'\")}\]]{8,}",
    ),
    _rule("aws_key", "akia asia aroa aida agpa", r"\b(?:AKIA|ASIA|AROA|AIDA|AGPA)[A-Z0-9]{16}\b"),
    _rule("stripe_key", "k_live_ k_test_ whsec_", r"\b(?:[srp]k_(?:live|test)_|whsec_)[0-9A-Za-z]{6,}"),
    _rule("github_token", "gh github_pat_", r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,})"),
    _rule("gitlab_token", "glpat- gldt- glrt-", rf"\bgl(?:pat|dt|rt)-{_URL_SAFE}{{16,}}"),
    _rule("slack_token", "xox xapp-", r"\b(?:xox[a-z]|xapp)-[A-Za-z0-9-]{8,}"),
    _rule("google_key", "aiza ya29. gocspx-", r"\b(?:AIza[\w-]{30,}|ya29\.[\w-]{16,}|GOCSPX-[\w-]{16,})"),
    _rule("ai_key", "sk- sk_", r"\bsk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,}"),
    _rule(
        "other_token",
        "npm_ pypi- hf_ dop_v1_ sg. shpat_ sntrys_ sntryu_ sq0 key- eaaa",
        r"\b(?:npm_[A-Za-z0-9]{20,}|pypi-[\w-]{20,}|hf_[A-Za-z0-9]{20,}|dop_v1_[a-f0-9]{20,}"
        r"|SG\.[\w-]{16,}\.[\w-]{16,}|shpat_[a-f0-9]{20,}|sntry[su]_[\w=+/-]{20,}|sq0[a-z]{3}-[\w-]{20,}|key-[a-f0-9]{32})",
    ),
    _rule(
        "email",
        "@ %40",
        r"[A-Za-z0-9.!#$&'*+/=?^_`{|}~-]{1,64}(?:@|%40)[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z]{2,24}\b",
    ),
    _rule(
        "constraint_detail",
        "key (",
        r"(Key \([^)]*\)=)\((?:[^()]|\([^()]*\))*\)",
        rf"\g<1>({FILTERED})",
    ),
    _rule("failing_row", "row contains", r"(Failing row contains )\((?s:.*)\)", rf"\g<1>({FILTERED})"),
)

_CARD = re.compile(r"(?<![\w.])(?:\d[ -]?){12,18}\d(?![\w]|\.\d)")
_SSN = re.compile(r"(?<![\w-])(\d{3})-(\d{2})-(\d{4})(?![\w-])")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9A-Fa-f]*:)(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:\.\d{1,3}){0,3}(?:%\w+)?(?![\w:])"
)
_DIGITS = re.compile(r"\d{2}")


class ValuePatterns:
    """`remove` over one text; `extra` are named expressions that strategy.toml adds."""

    def __init__(self, extra: Mapping[str, str] | None = None) -> None:
        self._extra = tuple(re.compile(expression) for expression in (extra or {}).values())

    def remove(self, text: str) -> str:
        """`text` without what is a secret by its form."""
        lower = text.lower()
        for rule in VALUE_RULES:
            for trigger in rule.triggers:
                if trigger in lower:
                    text = rule.expression.sub(rule.replacement, text)
                    break
        if len(text) >= 7 and _DIGITS.search(text):
            text = _numbers(text)
        if text.count(":") > 1:
            text = _IPV6.sub(_ipv6, text)
        for expression in self._extra:
            text = expression.sub(FILTERED, text)
        return text


def _numbers(text: str) -> str:
    if "-" in text:
        text = _SSN.sub(_ssn, text)
    if text.count(".") > 2:
        text = _IPV4.sub(_ipv4, text)
    return _CARD.sub(_card, text) if len(text) >= 13 else text
