"""`manage.py sweep_files`: what beat does once a day, by hand and with a look first."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.template.defaultfilters import filesizeformat

from data_tools.cleaning import OLDER_THAN_S, sweep_files


class Command(BaseCommand):
    help = "Removes files of uploads and data sources that no row refers to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count them")
        parser.add_argument(
            "--older-than-hours", type=float, default=OLDER_THAN_S / 3600, help="younger ones may be in use"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        swept = sweep_files(older_than_s=options["older_than_hours"] * 3600, dry_run=dry_run)
        verb = "would be removed" if dry_run else "removed"
        self.stdout.write(f"{swept.files} files ({filesizeformat(swept.bytes)}) {verb}.")
