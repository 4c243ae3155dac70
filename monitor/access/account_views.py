"""Logging in and out, and what people set for themselves."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_POST

from monitor.access import attempts, audit
from monitor.access.forms import LogInForm, PreferencesForm
from monitor.access.middleware import open_to_viewers
from monitor.access.models import User
from monitor.site.returning import next_address

THEMES = frozenset({"system", "light", "dark"})


class LogInView(LoginView):
    template_name = "access/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        attempts.succeeded(self.request, str(form.cleaned_data["username"]))
        audit.record(self.request, "login.succeeded", "the monitor", address=_address(self.request))
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        account = str(form.data.get("username", ""))
        if form.has_error("__all__", "too_many"):
            return self.render_to_response(self.get_context_data(form=form), status=429)
        if account:
            attempts.failed(self.request, account)
            known = User.objects.filter(email=account.strip().lower()).first()
            # What was typed may be a password: only an address that has an account is kept.
            target = known.email if known else "an account that does not exist"
            audit.record("anonymous", "login.failed", target, address=_address(self.request))
        return super().form_invalid(form)


class LogOutView(LogoutView):
    http_method_names = ["post", "options"]


class ChangePasswordView(PasswordChangeView):
    template_name = "access/password.html"
    success_url = reverse_lazy("access:preferences")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        audit.record(self.request, "password.changed", self.request.user)
        messages.success(self.request, "The password is changed; your other sessions are logged out.")
        return response


@open_to_viewers
def preferences(request: HttpRequest) -> HttpResponse:
    form = PreferencesForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your preferences are kept.")
        return redirect("access:preferences")
    return render(request, "access/preferences.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@login_not_required
@open_to_viewers
def theme(request: HttpRequest) -> HttpResponse:
    """Kept with the account, and in a cookie for the page before the log-in."""
    chosen = request.POST.get("theme", "")
    chosen = chosen if chosen in THEMES else "system"
    if isinstance(request.user, User):
        User.objects.filter(pk=request.user.pk).update(theme=chosen)
    response = HttpResponseRedirect(next_address(request, reverse("home")))
    response.set_cookie(
        "theme", chosen, max_age=31_536_000, samesite="Lax", secure=request.is_secure(), httponly=False
    )
    return response


log_in = LogInView.as_view()
log_out = open_to_viewers(LogOutView.as_view())
change_password = open_to_viewers(ChangePasswordView.as_view())


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
