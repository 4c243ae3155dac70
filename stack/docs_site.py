"""What MkDocs is told about our documents: they are written for GitHub first, and each page is listed in docs/index.md.

Hooks of mkdocs.yml. Links that leave docs/ have no place to lead to on a site, so their words stay and the link goes.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stack.folder import ROOT

DOCS = ROOT / "docs"
SECTIONS = {
    "first-hour": "The first hour",
    "monitor": "The monitor",
    "runbooks": "Runbooks",
    "adr": "Decisions",
}
RUNNING = (
    "deployment.md",
    "settings.md",
    "troubleshooting.md",
    "scaling.md",
    "costs.md",
    "performance.md",
    "spool.md",
)

_FENCE = re.compile(r"^( *)```(\w*)(?: +([^\n]*))?\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\(([^)\s]+)\)")
_ITEM = re.compile(r" {0,3}(?:[-*]|\d+\.) ")


def on_config(config: Any) -> Any:
    """The navigation: pages in the order of docs/index.md, by folder."""
    config["nav"] = navigation(DOCS)
    return config


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Python-Markdown reads what GitHub reads."""
    return for_site(markdown, (DOCS / page.file.src_uri).parent)


def navigation(docs: Path) -> list[Any]:
    """A page that index.md does not list is left out, which `mkdocs build` complains about."""
    index = (docs / "index.md").read_text(encoding="utf-8")
    listed = list(
        dict.fromkeys(link for _, link in _LINK.findall(index) if link.endswith(".md") and "://" not in link)
    )
    of_folder = {folder: [page for page in listed if page.startswith(f"{folder}/")] for folder in SECTIONS}
    of_folder["runbooks"] = sorted(
        (f"runbooks/{file.name}" for file in (docs / "runbooks").glob("*.md")),
        key=lambda name: name != "runbooks/index.md",
    )
    top = [page for page in listed if "/" not in page]
    running = [page for page in top if page in RUNNING]
    return [
        "index.md",
        *_section("The first hour", of_folder["first-hour"]),
        *_section("The application", (page for page in top if page not in running)),
        *_section("Running it", running),
        *_section("The monitor", of_folder["monitor"]),
        *_section("Runbooks", of_folder["runbooks"]),
        *_section("Decisions", of_folder["adr"]),
    ]


def _section(title: str, pages: Iterable[str]) -> list[dict[str, list[str]]]:
    chosen = list(pages)
    return [{title: chosen}] if chosen else []


def for_site(markdown: str, folder: Path) -> str:
    """Code blocks keep their file name as a title, lists begin after a blank line, links that leave docs/ become words."""
    parts, at = [], 0
    for match in _FENCE.finditer(markdown):
        indent, language, title, body = match.groups()
        head = f'{language} title="{title}"' if title else language
        parts += [_prose(markdown[at : match.start()], folder), f"{indent}```{head}\n{body}{indent}```"]
        at = match.end()
    return "".join([*parts, _prose(markdown[at:], folder)])


def _prose(text: str, folder: Path) -> str:
    lines: list[str] = []
    for line in text.split("\n"):
        before = lines[-1] if lines else ""
        if (
            _ITEM.match(line)
            and before.strip()
            and not _ITEM.match(before)
            and not before.startswith((" ", "|", "#"))
        ):
            lines.append("")
        lines.append(line)
    return _LINK.sub(lambda match: _link(match, folder), "\n".join(lines))


def _link(match: re.Match[str], folder: Path) -> str:
    words, target = match.groups()
    path = target.partition("#")[0]
    if not path or "://" in target or (folder / path).resolve().is_relative_to(DOCS):
        return match[0]
    return words if words.startswith("`") else f"{words} (`{(folder / path).resolve().relative_to(ROOT)}`)"
