"""`python -m monitor prepare`: what comes before web and worker. It may run at each start; it changes what is missing."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from monitor import environment as env
from monitor.access.models import Role, User
from monitor.projects.publishing import publish
from monitor.projects.set_up import DEMO_PASSWORD, demo_admin, drill_token, first_admin, first_project

_INCREMENTAL = 2


class Command(BaseCommand):
    help = "Bring the database up to date, and make the first project, its DSN and an admin where there are none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--print-dsn", action="store_true", help="print the first project's DSN and nothing else"
        )

    def handle(self, *args: Any, print_dsn: bool, **options: Any) -> None:
        # Errors of a whole company: for nobody else on this machine.
        os.umask(0o077)
        for directory in (settings.DATA_ROOT, settings.SPOOL_DIRECTORY, settings.PAYLOAD_DIRECTORY):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
        give_space_back()
        try:
            key = first_project()
            admin = first_admin()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        publish()
        if print_dsn:
            self.stdout.write(key.dsn)
            return
        self.stderr.write(f"The monitor is prepared in {settings.DATA_ROOT}. DSN: {key.dsn}")
        self._say_log_in(admin)
        if file := env.text("MONITOR_DRILL_TOKEN_FILE"):
            self._make_drill_token(Path(file))

    def _make_drill_token(self, file: Path) -> None:
        """The first admin's: whoever can read the file may read what this admin may."""
        admin = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk").first()
        if admin is None:
            raise CommandError("MONITOR_DRILL_TOKEN_FILE is set, and there is no admin to make a token for.")
        drill_token(admin, file)

    def _say_log_in(self, admin: User | None) -> None:
        if admin is None and settings.DEBUG:
            user = demo_admin()
            if user.check_password(DEMO_PASSWORD):
                self.stdout.write(
                    f"{user.email}  {DEMO_PASSWORD}  ({user.name}, {user.get_role_display().lower()})"
                )
        elif not User.objects.filter(role=Role.ADMIN, is_active=True).exists():
            self.stderr.write(
                "Nobody may log in yet: set MONITOR_ADMIN_EMAIL and MONITOR_ADMIN_PASSWORD, and prepare again."
            )


def give_space_back() -> None:
    """Once for each database file, which would keep what retention frees. To say it to each connection would write."""
    with connection.cursor() as cursor:
        if cursor.execute("PRAGMA auto_vacuum").fetchone()[0] != _INCREMENTAL:
            cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
            cursor.execute("VACUUM")
