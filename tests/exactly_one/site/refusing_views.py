"""Views that refuse what is asked, as they should: nobody is to be told of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation, ValidationError
from django.http import Http404, HttpRequest, HttpResponse

from core.errors import UserInputError


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404("no such gauge")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("Only owners may delete a gauge.")


def suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("a forged form")


def bad(request: HttpRequest) -> HttpResponse:
    raise BadRequest("no level")


def users_mistake(request: HttpRequest) -> HttpResponse:
    raise UserInputError("Row 3 has no date. Give it one.")


async def users_mistake_async(request: HttpRequest) -> HttpResponse:
    raise UserInputError("Row 3 has no date. Give it one.")


class LevelForm(forms.Form):
    level = forms.FloatField()

    def clean_level(self) -> Any:
        raise ValidationError("The level is below the ground.")


def form_refuses(request: HttpRequest) -> HttpResponse:
    form = LevelForm({"level": "3"})
    return HttpResponse("refused", status=200 if form.is_valid() else 422)


def validation_is_forgotten(request: HttpRequest) -> HttpResponse:
    raise ValidationError("The level is below the ground.")


def reads_the_form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("level", ""))


def asks_host(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.get_host())
