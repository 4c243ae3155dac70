"""The monitor's API as far as the drill reads it: the shapes that Sentry publishes, and the monitor's own for alerts."""

from __future__ import annotations

from typing import Any

import httpx

from core.firedrill.target import Target

Json = dict[str, Any]


class MonitorError(Exception):
    """The monitor does not answer, or refuses; the message says which way out there is."""


class MonitorApi:
    """One organisation and project. Every method raises MonitorError."""

    def __init__(self, target: Target) -> None:
        self._organization = f"organizations/{target.organization}/"
        self._project = f"projects/{target.organization}/{target.project}/"
        self.address = target.monitor
        self._client = httpx.Client(
            base_url=f"{target.monitor}/api/0/",
            headers={"Authorization": f"Bearer {target.token}"},
            timeout=30,
            trust_env=False,
        )

    def close(self) -> None:
        self._client.close()

    def events(self, page: int = 0, per_page: int = 50) -> list[Json]:
        """The last received first, with their tags."""
        found: list[Json] = self._get(
            f"{self._project}events/", per_page=per_page, cursor=f"0:{page * per_page}:0"
        )
        return found

    def event(self, event_id: str) -> Json | None:
        return self._find(f"{self._project}events/{event_id}/")

    def kept_event(self, event_id: str) -> Json | None:
        """As it is kept: normalised and scrubbed."""
        return self._find(f"{self._project}events/{event_id}/json/")

    def issue(self, issue_id: str) -> Json | None:
        return self._find(f"{self._organization}issues/{issue_id}/")

    def transactions(self, name: str) -> list[Json]:
        """Whose name holds `name`, with the slowest that are kept, and what their queries show."""
        found: list[Json] = self._get(f"{self._project}transactions/", query=name, statsPeriod="1h")
        return found

    def feedback(self) -> list[Json]:
        found: list[Json] = self._get(f"{self._project}user-feedback/", per_page=50)
        return found

    def cron_monitors(self) -> list[Json]:
        found: list[Json] = self._get(f"{self._organization}monitors/", per_page=100)
        return found

    def check_ins(self, slug: str) -> list[Json]:
        found: list[Json] = self._get(f"{self._organization}monitors/{slug}/checkins/", per_page=20)
        return found

    def make_release(self, version: str) -> None:
        self._post(
            f"{self._organization}releases/", {"version": version, "projects": [self._project.split("/")[2]]}
        )

    def deploy(self, version: str, environment: str) -> None:
        self._post(f"{self._organization}releases/{version}/deploys/", {"environment": environment})

    def episodes(self) -> list[Json]:
        """Of alert rules, the last begun first, with their notifications."""
        found: list[Json] = self._get(f"{self._organization}alerts/", per_page=100)
        return found

    def incidents(self) -> list[Json]:
        """The last opened first."""
        found: list[Json] = self._get(f"{self._organization}incidents/", per_page=100)
        return found

    def _find(self, path: str) -> Json | None:
        try:
            answer = self._client.get(path)
        except httpx.HTTPError as error:
            raise MonitorError(f"The monitor at {self.address} does not answer: {error}.") from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        found: Json = self._read(answer)
        return found

    def _get(self, path: str, **params: Any) -> Any:
        try:
            return self._read(self._client.get(path, params=params))
        except httpx.HTTPError as error:
            raise MonitorError(f"The monitor at {self.address} does not answer: {error}.") from error

    def _post(self, path: str, body: Json) -> Any:
        try:
            return self._read(self._client.post(path, json=body))
        except httpx.HTTPError as error:
            raise MonitorError(f"The monitor at {self.address} does not answer: {error}.") from error

    def _read(self, answer: httpx.Response) -> Any:
        if answer.is_success:
            return answer.json()
        raise MonitorError(
            f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}: {answer.text[:300]}"
        )
