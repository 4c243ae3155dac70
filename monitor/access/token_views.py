"""A user's own tokens. Also for viewers: what theirs may do is as little as what they may."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from monitor.access import tokens
from monitor.access.forms import TokenForm
from monitor.access.middleware import open_to_viewers
from monitor.access.models import ApiToken, User


@open_to_viewers
@never_cache
def own_tokens(request: HttpRequest) -> HttpResponse:
    """A new token is shown in the answer to the post, and never again."""
    assert isinstance(request.user, User)  # noqa: S101 (the middleware has seen to it)
    form = TokenForm(request.user, request.POST or None)
    bearer = token = None
    if request.method == "POST" and form.is_valid():
        token, bearer = tokens.create(
            request.user, form.cleaned_data["name"], form.cleaned_data["scopes"], form.expires_at
        )
        form = TokenForm(request.user)
    context = {
        "form": form,
        "token": token,
        "bearer": bearer,
        "tokens": ApiToken.objects.filter(user=request.user).order_by("-pk"),
    }
    return render(request, "access/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@open_to_viewers
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.select_related("user"), pk=pk, user=request.user)
    tokens.revoke(token, request)
    messages.success(request, f"{token} is revoked: the next request with it is refused.")
    return redirect("access:tokens")
