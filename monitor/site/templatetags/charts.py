"""Charts and quantities for the monitor's templates: `{% load charts %}`.

    {% bars values labels=hours unit="events" caption="Events an hour" threshold=100 threshold_label="alert at" %}
    {% lines series labels=minutes unit="ms" caption="Duration" %}
    {% spark values label="Events in 24 hours" %}
    {{ bytes|quantity:"bytes" }}

`values` is a list of numbers, None for a gap, or a mapping of names to such lists; `labels` moments or words.
"""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from monitor.site import quantities
from monitor.site.charts import bar_chart, line_chart, spark_path

register = template.Library()


@register.inclusion_tag("site/chart.html")
def bars(values: Any, **options: Any) -> dict[str, Any]:
    """Options: labels, unit, caption, height, threshold, threshold_label; see `monitor.site.charts.bar_chart`."""
    return {"chart": bar_chart(values or [], **_known(options))}


@register.inclusion_tag("site/chart.html")
def lines(values: Any, **options: Any) -> dict[str, Any]:
    """Options as for bars, and from_zero; see `monitor.site.charts.line_chart`."""
    return {"chart": line_chart(values or [], **_known(options))}


@register.simple_tag
def spark(values: Iterable[float | None], label: str = "") -> SafeString:
    """A small row of bars for a line of a list; `label` says what it shows."""
    return format_html(
        '<svg class="spark bars" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<title>{}</title><path d="{}"/></svg>',
        label,
        label,
        spark_path(values or ()),
    )


@register.simple_tag
def share_bar(share: float, label: str = "") -> SafeString:
    """A bar filled to `share` of 1, as for a tag's values or a quota."""
    filled = min(max(share, 0.0), 1.0) * 100
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="ground" width="100" height="8"/><rect width="{}" height="8"/></svg>',
        label or quantities.share(share),
        mark_safe(f"{filled:.1f}"),  # noqa: S308 (a number)
    )


@register.filter
def quantity(value: float | None, unit: str = "") -> str:
    """A number with its unit; `share`, `bytes`, `s` and `ms` are written as reads best."""
    return quantities.quantity(value, unit)


@register.filter
def whole(value: float | None) -> int | None:
    """Rounded: ages in whole seconds are read more calmly."""
    return None if value is None else round(value)


def _known(options: dict[str, Any]) -> dict[str, Any]:
    # A variable that a template does not have comes as "".
    return {name: value for name, value in options.items() if value not in ("", None)}
