"""The admins' pages about users: who may come in, as what, to which projects."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import PasswordResetConfirmView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from monitor.access import audit, selectors, services, tokens
from monitor.access.forms import UserForm
from monitor.access.models import ApiToken, User
from monitor.access.permissions import require_admin
from monitor.site.lists import page_of, searched


def admins_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Raises PermissionDenied for everybody else."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_admin(request.user)
        return view(request, *args, **kwargs)

    return guarded


@admins_only
def users(request: HttpRequest) -> HttpResponse:
    words = searched(request)
    page = page_of(request, selectors.users(words))
    return render(request, "access/users.html", {"page": page, "words": words})


@admins_only
@never_cache
def invite(request: HttpRequest) -> HttpResponse:
    form = UserForm(request.POST or None)
    if request.method == "POST":
        # Whether the address is taken is asked under the lock: the same form may have been sent twice at once.
        with transaction.atomic():
            if form.is_valid():
                data = form.cleaned_data
                user = services.invite(
                    request, data["email"], name=data["name"], role=data["role"], projects=data["projects"]
                )
                return _shown_once(request, user, heading=f"{user} can come in")
    return render(request, "access/user_new.html", {"form": form}, status=422 if form.errors else 200)


@admins_only
def user(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    form = UserForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            # The form has changed its instance already: what was there before is asked for again.
            fresh = User.objects.get(pk=pk)
            services.change(request, fresh, name=data["name"], role=data["role"], projects=data["projects"])
        except services.LastAdminError as error:
            form.add_error("role", str(error))
        else:
            messages.success(request, f"{fresh} is changed.")
            return redirect("access:user", pk=pk)
    context = {"person": User.objects.get(pk=pk), "form": form, "tokens": person.tokens.order_by("-pk")}
    return render(request, "access/user.html", context, status=422 if form.errors else 200)


@admins_only
@require_POST
@never_cache
def reset(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk, is_active=True)
    services.reset_password(request, person)
    return _shown_once(request, person, heading=f"A new password for {person}")


@admins_only
@require_POST
def set_active(request: HttpRequest, pk: int) -> HttpResponse:
    """`active=1` opens an account, anything else closes it."""
    person = get_object_or_404(User, pk=pk)
    try:
        services.set_active(request, person, active=request.POST.get("active") == "1")
    except services.LastAdminError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The account of {person} is {'open' if person.is_active else 'closed'}.")
    return redirect("access:user", pk=pk)


@admins_only
@require_POST
def revoke_token(request: HttpRequest, pk: int, token_pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.select_related("user"), pk=token_pk, user_id=pk)
    tokens.revoke(token, request)
    messages.success(request, f"{token} is revoked.")
    return redirect("access:user", pk=pk)


class SetPasswordView(PasswordResetConfirmView):
    """The one-time link's other end."""

    template_name = "access/set_password.html"
    post_reset_login = True
    success_url = reverse_lazy("home")

    def get_user(self, uidb64: str) -> Any:
        found = super().get_user(uidb64)
        return found if found is not None and found.is_active else None

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        audit.record(form.user, "password.set", form.user.email)
        return response


set_password = login_not_required(SetPasswordView.as_view())


def _shown_once(request: HttpRequest, person: User, *, heading: str) -> HttpResponse:
    """The answer to the post itself, and to nothing else: the link is kept nowhere."""
    link = services.password_link(request, person)
    return render(request, "access/password_link.html", {"person": person, "link": link, "heading": heading})
