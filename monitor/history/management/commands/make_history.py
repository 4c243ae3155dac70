"""`python -m monitor make_history`: a month to look at, made up. Said to be so on every page."""

import os
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from monitor.history.making import has_real_data, make_history
from monitor.history.many_issues import add_issues
from monitor.projects.models import Project


class Command(BaseCommand):
    help = "Fill an empty monitor with generated history of the demo application."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=30)
        parser.add_argument("--seed", type=int, default=7, help="the same one makes the same history")
        parser.add_argument("--scale", type=float, default=1.0, help="1: some 600,000 requests a month")
        parser.add_argument("--project", default="hydroml")
        parser.add_argument(
            "--until", type=float, help="where it ends, in seconds since 1970 (default: this minute)"
        )
        parser.add_argument(
            "--issues", type=int, default=0, help="so many further issues, to look at pages with a lot"
        )
        parser.add_argument("--force", action="store_true", help="even if there is data, which it mixes with")

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o077)
        settings.DEBUG = False  # Django would keep each statement
        self._check(options)
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(
                f"There is no project {options['project']}: run `python -m monitor prepare` first, or name another."
            )
        if has_real_data() and not options["force"]:
            raise CommandError(
                "This monitor has data already. Made-up history would mix with it for good: set MONITOR_DATA_DIR to a"
                " new directory and `prepare` it, or add --force."
            )
        started = time.monotonic()
        made = make_history(
            project,
            until=options["until"] or time.time() // 60 * 60,
            days=options["days"],
            seed=options["seed"],
            scale=options["scale"],
            say=self.stderr.write,
        )
        if options["issues"]:
            add_issues(project, options["issues"], seed=options["seed"], made=made)
            self.stderr.write(f"{options['issues']:,} further issues")
        self.stdout.write(f"{made.words}. {time.monotonic() - started:.0f} s.")

    def _check(self, options: dict[str, Any]) -> None:
        if not 1 <= options["days"] <= 90:
            raise CommandError("--days must be 1 to 90.")
        if not 0 < options["scale"] <= 20:
            raise CommandError("--scale must be over 0, and 20 at most.")
        if not 0 <= options["issues"] <= 1_000_000:
            raise CommandError("--issues must be 0 to 1,000,000.")
