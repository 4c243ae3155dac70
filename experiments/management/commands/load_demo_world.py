"""`manage.py load_demo_world`: something to click on, once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from experiments.demo import PASSWORD, PEOPLE, load_demo_world


class Command(BaseCommand):
    help = "Load the demo world (synthetic catchments, experiments, people) if there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--show-logins", action="store_true", help="print the demo log-ins and do nothing else"
        )

    def handle(self, *args: Any, show_logins: bool, **options: Any) -> None:
        if show_logins:
            for email, name, role in PEOPLE:
                self.stdout.write(f"{email}  {PASSWORD}  ({name}, {role.label.lower()})")
            return
        self.stdout.write("Demo world loaded." if load_demo_world() else "The demo world is there already.")
