"""Every page needs a log-in, but for those that say they don't."""

from django.contrib.auth.middleware import LoginRequiredMiddleware as _LoginRequired


class LoginRequiredMiddleware(_LoginRequired):
    """Django's own; views that authenticate in another way are marked `@login_not_required`."""
