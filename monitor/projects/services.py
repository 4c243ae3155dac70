"""Making and changing projects and their keys. Each tells the receiving end and the audit log."""

from collections.abc import Iterable

from django.db import transaction

from monitor.access import audit
from monitor.projects.models import Key, Project
from monitor.projects.publishing import publish


@transaction.atomic
def create_project(by: audit.Actor, *, name: str, slug: str, platform: str) -> Project:
    """With a first key. Raises IntegrityError for a slug that is taken."""
    project = Project.objects.create(name=name, slug=slug, platform=platform)
    key = Key.objects.create(project=project)
    audit.record(by, "project.created", project.slug, project, platform=platform, key=_shown(key))
    _publish()
    return project


@transaction.atomic
def change_project(
    by: audit.Actor, project: Project, *, name: str, platform: str, retention_days: int | None
) -> None:
    """The slug stays: it stands in addresses, in the API and in issue numbers."""
    before = Project.objects.get(pk=project.pk)
    changed = {
        field: [getattr(before, field), value]
        for field, value in (("name", name), ("platform", platform), ("retention_days", retention_days))
        if getattr(before, field) != value
    }
    project.name, project.platform, project.retention_days = name, platform, retention_days
    project.save(update_fields=["name", "platform", "retention_days"])
    if changed:
        audit.record(by, "project.changed", project.slug, project, changed=changed)


@transaction.atomic
def create_key(by: audit.Actor, project: Project, *, label: str, origins: Iterable[str] = ()) -> Key:
    """In use within a second."""
    key = Key.objects.create(project=project, label=label, origins=list(origins))
    audit.record(by, "key.created", key, project, key=_shown(key), origins=key.origins)
    _publish()
    return key


@transaction.atomic
def change_key(by: audit.Actor, key: Key, *, label: str, origins: Iterable[str]) -> None:
    key.label, key.origins = label, list(origins)
    key.save(update_fields=["label", "origins"])
    audit.record(by, "key.changed", key, key.project, key=_shown(key), origins=key.origins)
    _publish()


@transaction.atomic
def switch_key(by: audit.Actor, key: Key, *, on: bool) -> None:
    """What sends with a key that is off is refused (403) from the next second on."""
    key.is_active = on
    key.save(update_fields=["is_active"])
    audit.record(by, "key.switched_on" if on else "key.switched_off", key, key.project, key=_shown(key))
    _publish()


def _publish() -> None:
    # The receiving end reads what was published: it must not learn of what is then rolled back.
    transaction.on_commit(publish)


def _shown(key: Key) -> str:
    return f"{key.public_key[:8]}…"
