"""`manage.py provision_sentry`: what strategy.toml says, as objects and settings of a real Sentry."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.provisioning.api import SentryApi, SentryApiError
from core.provisioning.applying import apply, release
from core.provisioning.looking import RELEASE_SCOPE, SCOPES, look
from core.provisioning.plan import PARTS, Change, Plan, make_plan
from strategy import StrategyError, load_strategy

_DONE = {"create": "created", "update": "updated", "delete": "deleted"}


class Command(BaseCommand):
    help = "Make and keep what strategy.toml says in a Sentry organisation; nothing that it did not make is touched."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        variables = os.environ
        parser.add_argument("--org", default=variables.get("SENTRY_ORG"), help="its slug (SENTRY_ORG)")
        parser.add_argument(
            "--project", default=variables.get("SENTRY_PROJECT"), help="its slug (SENTRY_PROJECT)"
        )
        parser.add_argument(
            "--url",
            default=variables.get("SENTRY_URL") or "https://sentry.io",
            help="(SENTRY_URL, else https://sentry.io)",
        )
        parser.add_argument("--dry-run", action="store_true", help="show the difference, change nothing")
        parser.add_argument(
            "--only", default=",".join(PARTS), help=f"parts, separated by commas: {', '.join(PARTS)}"
        )
        parser.add_argument(
            "--team",
            action="append",
            default=[],
            metavar="OWNER=SLUG",
            help="the team that is an owner of strategy.toml",
        )
        parser.add_argument(
            "--adopt", action="store_true", help="take over cron monitors that check-ins have made"
        )
        parser.add_argument("--release", metavar="VERSION", help="make this release, too")
        parser.add_argument("--deploy", metavar="ENVIRONMENT", help="and its deploy there")
        parser.add_argument(
            "--scopes", action="store_true", help="list the scopes that the token needs, and stop"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["scopes"]:
            for scope, use in (SCOPES | RELEASE_SCOPE).items():
                self.stdout.write(f"{scope:18} {use}")
            return
        try:
            self._provision(options)
        except (SentryApiError, StrategyError) as error:
            raise CommandError(str(error)) from error

    def _provision(self, options: dict[str, Any]) -> None:
        strategy, api, parts = load_strategy(), self._api(options), self._parts(options)
        scopes = SCOPES | (RELEASE_SCOPE if options["release"] else {})
        place, _ = look(api, strategy, options["org"], options["project"], self._teams(options), scopes)
        plan = make_plan(api, strategy, place, parts, adopt=options["adopt"])
        self._tell_gaps(plan)
        if options["dry_run"]:
            self._show(plan)
            return
        wrong = self._apply(api, plan)
        if options["release"]:
            for made in release(api, place, options["release"], options["deploy"]):
                self.stdout.write(f"created   {made}")
        self._sum_up(plan, wrong)

    def _apply(self, api: SentryApi, plan: Plan) -> int:
        wrong = 0
        for change, refused in apply(api, plan):
            self.stdout.write(f"{_DONE[change.action]:9} {change.kind}: {change.name}")
            if refused:
                wrong += 1
                self.stdout.write(f"          {refused}")
        return wrong

    def _show(self, plan: Plan) -> None:
        for change in plan.to_make:
            self.stdout.write(f"would be {_DONE[change.action]}: {change.kind}: {change.name}")
            self.stdout.write(change.diff() + "\n")
        self.stdout.write(f"{_counts(plan.changes)}. Nothing was changed.")

    def _tell_gaps(self, plan: Plan) -> None:
        concerned: dict[tuple[str, str], list[str]] = {}
        for gap in plan.wish.gaps:
            concerned.setdefault((gap.why, gap.nearest), []).append(gap.what)
        if concerned:
            self.stdout.write("Not, or not wholly, as strategy.toml says:")
        for (why, nearest), what in concerned.items():
            self.stdout.write(f"  {', '.join(what)}\n    why: {why}\n    instead: {nearest}")

    def _sum_up(self, plan: Plan, wrong: int) -> None:
        self.stdout.write(f"{_counts(plan.changes)}.")
        if wrong:
            sys.exit(1)

    def _api(self, options: dict[str, Any]) -> SentryApi:
        token = os.environ.get("SENTRY_AUTH_TOKEN", "").strip()
        for name, value in (("--org", options["org"]), ("--project", options["project"])):
            if not value:
                raise CommandError(
                    f"Say {name}, or set SENTRY_{name[2:].upper()}: its slug, as in the address of its page."
                )
        if not token:
            raise CommandError(
                "SENTRY_AUTH_TOKEN is not set: make an internal integration under Settings, Developer Settings, with the "
                "scopes that `provision_sentry --scopes` lists, and take its token."
            )
        return SentryApi(options["url"], token)

    def _parts(self, options: dict[str, Any]) -> list[str]:
        parts = [each.strip() for each in options["only"].split(",") if each.strip()]
        if unknown := sorted(set(parts) - set(PARTS)):
            raise CommandError(f"--only {','.join(unknown)}: it may be {', '.join(PARTS)}.")
        return parts

    def _teams(self, options: dict[str, Any]) -> dict[str, str]:
        pairs = [each.partition("=") for each in options["team"]]
        if wrong := [owner for owner, equals, slug in pairs if not (equals and slug)]:
            raise CommandError(
                f"--team {wrong[0]}: say the owner and the team, as in --team data=data-science."
            )
        return {owner: slug for owner, _, slug in pairs}


def _counts(changes: list[Change]) -> str:
    counted = Counter(each.action for each in changes)
    return (
        f"{counted['create']} to create, {counted['update']} to update, {counted['delete']} to delete, "
        f"{counted['nothing']} as they are to be"
    )
