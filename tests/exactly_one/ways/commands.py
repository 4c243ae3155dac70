"""The rows that are management commands, each in a process of its own."""

from __future__ import annotations

from tests.exactly_one.ways.row import HANDLED, NONE, PIPELINE, Way, under

COMMANDS = (
    *under(
        "Management commands",
        Way("a command raises", "raises", PIPELINE, status=1),
        Way("a command logs and raises again", "logs-and-raises", PIPELINE, status=1),
        Way("a command logs and goes on", "logs-and-goes-on", HANDLED, status=0),
        Way("a command captures and exits with 1", "captures-and-exits", HANDLED, status=1),
        Way("a thread of a command raises", "in-a-thread", PIPELINE, status=0),
        Way(
            "a command is killed after it captured",
            "captures-and-is-killed",
            HANDLED,
            status=-9,
            note="The event was on disk before its id was returned; the next process of the site delivers it.",
        ),
        Way("a command raises CommandError", "refuses", NONE, status=1),
        Way("a command raises what is the user's to mend", "users-mistake", NONE, status=1),
        Way("a command exits with 1", "exits", NONE, status=1),
        Way(
            "a command is killed",
            "is-killed",
            NONE,
            status=-9,
            note="Nobody is left to tell; of a scheduled one, the check-in that is missing does.",
        ),
        Way("a command is interrupted with Ctrl-C", "is-interrupted", NONE, status=-2),
    ),
)
