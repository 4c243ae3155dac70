"""The fire drill of this application's own: the weather service is stopped, and somebody imports weather."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from core.firedrill.drills.outages import Outage
from core.firedrill.following import Wanted, asked_of, follow_event
from core.firedrill.front_door import Answer, FrontDoor
from core.firedrill.lines import Line, judged
from core.firedrill.scene import Scene

_OVER_WITHIN_S = 60.0


class WeatherAway(Outage):
    """With a place that nobody has asked for before: an earlier answer would stand in."""

    name, wave = "weather", 5
    does = "Stops the weather service outside, imports weather, and starts it again."
    needs: tuple[str, ...] = ("weather",)

    def follow(self, scene: Scene) -> Iterator[Line]:
        visitor = scene.visitor()
        asked = self._start_import(visitor)
        page = asked.headers.get("location", "")
        yield judged(
            self.name, "page", "302 to the import", f"{asked.status} {page[:30]}", "/import/" in page
        )
        scene.say(f"{self.name}: waiting until the import has failed")
        failed = scene.watch.wait(
            lambda: 'data-level="failed"' in visitor.client.get(page).text, _OVER_WITHIN_S
        )
        yield judged(self.name, "said", "the import has failed", "it has" if failed else "it has not", failed)
        category = scene.strategy.categories["external_service"]
        wanted = Wanted(self.name, "external_service", category.severity, "service-outage")
        yield from follow_event(scene, wanted, [asked_of(asked)])
        self.start_again(scene)
        visitor.post(f"{page}again/", {})
        yield self.back(scene, "back", "the same import works", lambda: self._is_done(visitor, page))

    def _start_import(self, visitor: FrontDoor) -> Answer:
        """As somebody new: signs up, makes a project, fills in the form."""
        password = secrets.token_urlsafe(12)
        visitor.client.get("/accounts/signup/")
        person = {"name": "Fire Drill", "email": f"drill-{secrets.token_hex(4)}@hydroml.example"}
        visitor.post("/accounts/signup/", {**person, "password1": password, "password2": password})
        made = visitor.post(
            "/projects/new/", {"name": "Fire drill", "description": "By manage.py firedrill."}
        )
        project = made.headers.get("location", "").strip("/").rpartition("/")[2]
        place = {
            "latitude": f"{secrets.randbelow(8000) / 100:.2f}",
            "longitude": f"{secrets.randbelow(17000) / 100:.2f}",
        }
        return visitor.post(
            f"/data/weather/{project}/", {"name": "", **place, "start": "2021-01-01", "end": "2021-12-31"}
        )

    def _is_done(self, visitor: FrontDoor, page: str) -> bool:
        """Then it leads to the data source."""
        answer = visitor.client.get(page)
        if 'data-level="failed"' in answer.text:  # the breaker was still open
            visitor.post(f"{page}again/", {})
        return str(answer.headers.get("location", "")).startswith("/data/")
