"""`manage.py deliver_feedback`: for a site without a task queue, from cron."""

from typing import Any

from django.core.management.base import BaseCommand

from core.error_feedback import deliver_feedback


class Command(BaseCommand):
    help = "Tell support by mail of the feedback from error pages that waits on disk."

    def handle(self, *args: Any, **options: Any) -> None:
        done = deliver_feedback()
        self.stdout.write(", ".join(f"{count} {what}" for what, count in done.items()))
