"""The history of a project in the reader's language; what the database keeps of it is English."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from projects.models import Activity, Role

# What record_activity is given, as "verb kind". Whole sentences: the order of words is the language's own.
SENTENCES = {
    "created project": _("{who} created project {name}"),
    "edited project": _("{who} edited project {name}"),
    "archived project": _("{who} archived project {name}"),
    "restored project": _("{who} restored project {name}"),
    "added member": _("{who} added {name} as {role}"),
    "made member": _("{who} made {name} {role}"),
    "removed member": _("{who} removed member {name}"),
    "uploaded data source": _("{who} uploaded data source {name}"),
    "reprocessed data source": _("{who} reprocessed data source {name}"),
    "renamed data source": _("{who} renamed data source {name}"),
    "cancelled data source": _("{who} cancelled data source {name}"),
    "deleted data source": _("{who} deleted data source {name}"),
    "started experiment": _("{who} started experiment {name}"),
    "trained experiment": _("{who} trained experiment {name}"),
    "deleted experiment": _("{who} deleted experiment {name}"),
}


def activity_sentence(activity: Activity) -> SafeString:
    """Who did what to which, the name in bold. A verb that has no sentence here is shown as it is kept."""
    verb, _blank, role = activity.verb.partition(" ")
    sentence = SENTENCES.get(f"{verb} {activity.subject_kind}")
    return format_html(
        str(sentence or "{who} {verb} {kind} {name}"),
        verb=activity.verb,
        kind=activity.subject_kind,
        who=activity.actor.name if activity.actor else "HydroML",
        name=format_html("<strong>{}</strong>", activity.subject_name),
        role=role_name(role.removeprefix("as ")),
    )


def role_name(role: str) -> str:
    """The name of a role, from the value that rows and queries carry."""
    return str(Role(role).label) if role in Role.values else role
