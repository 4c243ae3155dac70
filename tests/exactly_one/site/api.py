"""The same with Django REST framework, which answers most errors itself."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import PipelineError, UserInputError


class _Api(APIView):
    def get(self, request: Request) -> Response:
        return self.answer()

    def answer(self) -> Any:
        raise NotImplementedError


class Fails(_Api):
    def answer(self) -> Any:
        raise PipelineError("The sums do not add up.")


class GivesUp(_Api):
    def answer(self) -> Any:
        raise exceptions.APIException("The sums do not add up.")


class Returns503(_Api):
    def answer(self) -> Any:
        return Response({"detail": "away"}, status=503)


class Refuses(_Api):
    def answer(self) -> Any:
        raise exceptions.ValidationError({"level": "below the ground"})


class IsMissing(_Api):
    def answer(self) -> Any:
        raise exceptions.NotFound


class IsThrottled(_Api):
    def answer(self) -> Any:
        raise exceptions.Throttled(wait=3)


class UsersMistake(_Api):
    def answer(self) -> Any:
        raise UserInputError("Row 3 has no date. Give it one.")
