"""Release notes in Markdown, made from the commits of a release and the issues resolved in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.issues.models import Issue
from monitor.releases.models import Commit, Release

# https://www.conventionalcommits.org/
_CONVENTIONAL = re.compile(
    r"(?P<type>[a-z]+)(?:\((?P<scope>[^)]{1,50})\))?(?P<breaking>!)?:\s+(?P<text>.+)", re.IGNORECASE
)
_TITLES = {"feat": "New", "fix": "Fixed", "perf": "Faster", "docs": "Documentation", "revert": "Taken back"}
_ORDER = ("Breaking", *_TITLES.values(), "Other changes")
_MERGES = ("Merge branch ", "Merge pull request ", "Merge remote-tracking ")


def notes_of(release: Release, commits: Iterable[Commit], resolved: Iterable[Issue] = ()) -> str:
    """What a person wrote, or else what the commits say; merges left out."""
    if release.notes.strip():
        return release.notes
    sections: dict[str, list[str]] = {}
    for commit in commits:
        if not commit.title.startswith(_MERGES):
            title, line = _line(commit)
            sections.setdefault(title, []).append(line)
    fixed = [f"- {issue.short_id}: {_plain(issue.title)}" for issue in resolved]
    parts = [f"# {_plain(release.version)}"]
    if release.released_at is not None:
        parts.append(f"Released {release.released_at:%Y-%m-%d}.")
    only = list(sections) == ["Other changes"]
    for title in _ORDER:
        if title in sections:
            parts += ([] if only else [f"## {title}"]) + ["\n".join(sections[title])]
    if fixed:
        parts += ["## Resolved issues", "\n".join(fixed)]
    return "\n\n".join(parts) + "\n"


def _line(commit: Commit) -> tuple[str, str]:
    """Section and line of one commit."""
    title, text = "Other changes", commit.title
    match = _CONVENTIONAL.fullmatch(commit.title)
    if match is not None and (match["type"].lower() in _TITLES or match["breaking"]):
        title = "Breaking" if match["breaking"] else _TITLES[match["type"].lower()]
        text = f"{match['scope']}: {match['text']}" if match["scope"] else match["text"]
    author = f", {_plain(commit.author_name)}" if commit.author_name else ""
    return title, f"- {_plain(text)} ({commit.short_sha}{author})"


def _plain(text: str) -> str:
    """Of one line, and no markup that a person did not mean."""
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", " ".join(text.split()))
