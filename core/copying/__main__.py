"""`python -m core.copying DEST`: the same as `manage.py copy_core`, with nothing installed but Python."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.copying.project import CopyError
from core.copying.report import copied


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m core.copying", description="Copy core/ into another Django project."
    )
    parser.add_argument("dest", type=Path, help="the folder with that project's manage.py")
    parser.add_argument(
        "--force", action="store_true", help="replace an older copy; its strategy.toml is kept"
    )
    parser.add_argument("--package", default="core", metavar="NAME", help="call core otherwise there (core)")
    options = parser.parse_args()
    try:
        for line in copied(options.dest, package=options.package, force=options.force):
            print(line)
    except CopyError as error:
        sys.exit(f"Nothing was copied. {error}")


if __name__ == "__main__":
    main()
