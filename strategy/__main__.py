"""Checks a strategy file from the command line, as editors and pull requests do: `python -m strategy [FILE]`."""

import sys

from strategy.loader import DEFAULT_PATH, load_strategy
from strategy.problems import StrategyError


def main(arguments: list[str]) -> int:
    """0 when the file is sound; else 1, with each problem as `file:line: what. way out`."""
    file = arguments[0] if arguments else str(DEFAULT_PATH)
    try:
        strategy = load_strategy(file, env={})
    except StrategyError as error:
        for problem in error.problems:
            print(
                f"{file}:{problem.line or 1}: {problem.message} {problem.hint} [{problem.id}]",
                file=sys.stderr,
            )
        return 1
    print(f"{file} is sound: {len(strategy.categories)} categories, {len(strategy.alerts)} alert rules.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
