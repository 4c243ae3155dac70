"""What two messages have in common: numbers, ids, dates, addresses, paths and quoted words give way to what they are.

Only events without a usable stack trace are grouped by their message, so this decides over them alone.
"""

from __future__ import annotations

import re
from functools import lru_cache

_MAX_MESSAGE = 1000
_MAX_LINES = 2

# The first that fits at a place wins, so that a date is no number and a UUID no hexadecimal.
_VARIABLE = re.compile(
    r"""(?xi)
      (?P<secret> \[filtered\] )
    | (?P<email> [\w.+-]{1,64}+ @ [a-z0-9-]+ (?:\.[a-z0-9-]+)+ )
    | (?P<url> \b [a-z][a-z0-9+.-]{1,20} :// [^\s'"<>)\]}]+ )
    | (?P<uuid> \b [0-9a-f]{8} -? [0-9a-f]{4} -? [0-9a-f]{4} -? [0-9a-f]{4} -? [0-9a-f]{12} \b )
    | (?P<date>
          \b \d{4} - \d{2} - \d{2}
              (?: [T\ ] \d{2} : \d{2} (?: : \d{2} (?: [.,] \d+ )? )? (?: Z \b | [+-] \d{2} :? \d{2} )? )?
        | \b \d{1,2} [/.] \d{1,2} [/.] \d{2,4} \b (?! \.\d )
        | \b (?:mon|tue|wed|thu|fri|sat|sun) [a-z]* ,?\ \d{1,2}\ [a-z]{3}\ \d{4} (?: \ \d{2}:\d{2}:\d{2} (?:\ [A-Z]{2,5})? )?
        | \b (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) [a-z]* \.? \ \d{1,2} (?: ,?\ \d{4} )?
              (?: \ \d{2}:\d{2}:\d{2} )? \b
        | \b \d{1,2} : \d{2} : \d{2} (?: [.,] \d+ )? \b
      )
    | (?P<ip>
          (?<![\w.]) \d{1,3} (?: \.\d{1,3} ){3} (?: : \d{1,5} )? (?![\w.]\w)
        | (?<![\w:]) (?: [0-9a-f]{1,4} : ){7} [0-9a-f]{1,4} (?![\w:])
        | (?<![\w:]) (?: [0-9a-f]{1,4} : ){1,6} : (?: [0-9a-f]{1,4} (?: : [0-9a-f]{1,4} ){0,5} )? (?![\w:])
      )
    | (?P<mac> \b [0-9a-f]{2} (?: [:-] [0-9a-f]{2} ){5} \b )
    | (?P<hex> \b 0x [0-9a-f]+ \b | \b (?= [a-f]*\d ) (?= \d*[a-f] ) [0-9a-f]{7,128} \b )
    | (?P<path>
          (?<![\w./<-]) (?: ~ | \.{1,2} )? (?: / [\w.@%+=-]+ ){2,} /?
        | (?<!\w) [a-z] :\\ [^\s:*?"<>|]+
        | (?<![\w.]) \\\\ [\w.-]+ \\ [^\s:*?"<>|]+
      )
    | (?P<text>
          (?<!\w) ' [^'\n]{0,300} ' (?!\w) | " [^"\n]{0,300} " | ` [^`\n]{0,300} `
        | “ [^”\n]{0,300} ” | « [^»\n]{0,300} »
      )
    | (?P<token> (?<![\w+/=-]) (?= [\w+/-]*\d ) (?= [\w+/-]*[a-z] ) [a-z0-9_+/-]{20,512}+ ={0,2} )
    | (?P<number> (?<![a-z0-9.]) [+-]? \d+ (?: [.,_] \d+ )* (?: e [+-]? \d+ )? | \d+ (?: [.,] \d+ )* )
    """
)


@lru_cache(maxsize=4096)
def parameterised(message: str) -> str:
    """The first lines of `message` with what varies as `<number>`, `<uuid>`, `<date>`, `<path>`, `<text>` and so on."""
    return _VARIABLE.sub(_placeholder, _first_lines(message))


def _placeholder(match: re.Match[str]) -> str:
    return f"<{match.lastgroup}>"


def _first_lines(message: str) -> str:
    message = message[: 2 * _MAX_MESSAGE]
    lines = [" ".join(line.split()) for line in message.splitlines()]
    return "\n".join([line for line in lines if line][:_MAX_LINES])[:_MAX_MESSAGE]
