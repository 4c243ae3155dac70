"""How releases are named on pages."""

from django import template

from monitor.releases.ordering import parse_version

register = template.Library()


@register.filter
def short_version(version: str) -> str:
    """Without the package, and of hashes the first twelve digits: `shop@1.2.0+4f1c` is `1.2.0`."""
    parsed = parse_version(version)
    if parsed is not None:
        return parsed.text.partition("+")[0]
    return version[:12] if len(version) >= 32 and version.isalnum() else version
