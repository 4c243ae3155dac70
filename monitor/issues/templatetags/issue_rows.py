"""Parts of a row of the list. The list shows them in their place, its renewal puts them there again.

As tags and not as templates of their own, since a page has a hundred of them.
"""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from monitor.issues.listing import Row
from monitor.issues.models import Issue, Status, Substatus
from monitor.site.templatetags.charts import spark

register = template.Library()

_BADGE = '<span class="badge" data-level="{}">{}</span>'
_PART = "<span>{}</span>"


@register.simple_tag
def about(row: Row) -> SafeString:
    """The second line: how it stands, where it happens, what it is called."""
    issue = row.issue
    facts = [issue.level] if issue.level != "error" else []
    if issue.handled is False:
        facts.append("unhandled")
    if issue.known_error:
        facts.append("known error")
    return format_html(
        '<span class="about" id="i{}-about">{}{}<span class="culprit">{}</span><span class="place">{}</span></span>',
        issue.pk,
        _state(issue),
        format_html(_PART, " · ".join(facts)) if facts else "",
        issue.culprit,
        issue.short_id,
    )


def _state(issue: Issue) -> SafeString:
    if issue.status != Status.UNRESOLVED:
        return format_html(_BADGE, "archived", issue.get_status_display())
    if issue.substatus == Substatus.NEW:
        return format_html(_BADGE, "info", f"New in {issue.first_release}" if issue.first_release else "New")
    if issue.substatus in (Substatus.REGRESSED, Substatus.ESCALATING):
        return format_html(_BADGE, "warning", issue.get_substatus_display())
    return mark_safe("")


@register.simple_tag
def trend(row: Row, period: str) -> SafeString:
    return format_html(
        '<span id="i{}-trend">{}</span>',
        row.issue.pk,
        spark(row.trend, label=f"{row.in_period:,} in the {period}"),
    )


@register.simple_tag
def events(row: Row, period: str) -> SafeString:
    return format_html(
        '<span id="i{}-times" title="{} in the {}">{}</span>',
        row.issue.pk,
        f"{row.in_period:,}",
        period,
        f"{row.issue.times:,}",
    )


@register.simple_tag
def affected(row: Row) -> SafeString:
    return format_html('<span id="i{}-users">{}</span>', row.issue.pk, f"{row.issue.users:,}")


@register.simple_tag
def assigned(row: Row) -> SafeString:
    person = row.issue.assigned_to
    if person is None:
        return format_html('<span id="i{}-who"></span>', row.issue.pk)
    return format_html(
        '<span id="i{}-who"><span class="avatar" role="img" title="{}" aria-label="{}">{}</span></span>',
        row.issue.pk,
        f"Assigned to {person}",
        f"Assigned to {person}",
        str(person)[:1],
    )
