"""Sign-up, log-in with limited attempts, preferences. Password change and reset are Django's own, with our pages."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import PreferencesForm, SignUpForm
from accounts.http import SignedInRequest
from accounts.models import User

THEME_COOKIE_AGE_S = 365 * 24 * 3600
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """Make an account and log in to it."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        # The language that the browser asked for, until they choose another.
        form.instance.language = translation.get_language() or settings.LANGUAGE_CODE
        user = form.save()
        login(request, user, backend=MODEL_BACKEND)
        messages.success(
            request, _("Welcome, %(name)s. Begin with a project.") % {"name": user.get_short_name()}
        )
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "accounts/signup.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    """Name, theme, language and time zone; they apply from the next page on."""
    form = PreferencesForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        with translation.override(user.language):
            messages.success(request, _("Your preferences are kept."))
        response = redirect("accounts:preferences")
        response.set_cookie("theme", user.theme, max_age=THEME_COOKIE_AGE_S, samesite="Lax")
        return response
    return render(request, "accounts/preferences.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme of the header's menu: with the account, or in a cookie for those who have not logged in."""
    theme = request.POST.get("theme", "")
    if theme not in User.Theme.values:
        raise BadRequest(f"theme={theme!r}: there are {', '.join(User.Theme.values)}.")
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(theme=theme)
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    response = redirect(back if safe else "home")
    response.set_cookie("theme", theme, max_age=THEME_COOKIE_AGE_S, samesite="Lax")
    return response


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """What somebody sees after too many failed log-ins; django-axes calls it."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    response = render(request, "accounts/locked_out.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(minutes * 60)
    return response
