"""The documents as a site: built with every warning an error, all of them in it, nothing fetched from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stack.docs_site import for_site, navigation
from tests.docs import pages


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)],
        cwd=pages.ROOT,
        env={**os.environ, "PYTHONPATH": str(pages.ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_each_page_is_built_and_in_the_navigation(site: Path) -> None:
    front = (site / "index.html").read_text(encoding="utf-8")
    for page in pages.all_pages():
        address = pages.name_of(page).removesuffix(".md") + ".html"
        assert (site / address).is_file()
        assert f'href="{address}"' in front or address == "index.html", address


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in ("index.html", "deployment.html", "monitor/alerts.html"):
        text = (site / page).read_text(encoding="utf-8")
        loaded = re.findall(
            r'<(?:script|img|link rel="(?:stylesheet|icon)")[^>]*(?:src|href)="([^"]+)"', text
        )
        assert loaded
        assert not [address for address in loaded if address.startswith(("http:", "https:", "//"))]


def test_a_list_under_a_sentence_is_a_list(site: Path) -> None:
    text = (site / "monitor/alerts.html").read_text(encoding="utf-8")
    assert "<li>" in text
    assert "\n- **" not in text


def test_what_github_reads_and_python_markdown_does_not() -> None:
    docs = pages.DOCS
    assert for_site("Three:\n- one\n- two\n", docs) == "Three:\n\n- one\n- two\n"
    assert for_site("- one\n  goes on\n- two\n", docs) == "- one\n  goes on\n- two\n"
    assert (
        for_site("```python settings.py\nA: int\n- b\n```\n", docs)
        == '```python title="settings.py"\nA: int\n- b\n```\n'
    )


def test_a_link_that_leaves_the_documents_becomes_words() -> None:
    link = "[the rules](../strategy/strategy.toml), [`x`](../README.md) and [that](settings.md#keys)"
    assert (
        for_site(link, pages.DOCS) == "the rules (`strategy/strategy.toml`), `x` and [that](settings.md#keys)"
    )


def test_the_navigation_is_that_of_the_index(tmp_path: Path) -> None:
    (tmp_path / "runbooks").mkdir()
    for name in ("index.md", "file.md"):
        (tmp_path / "runbooks" / name).touch()
    (tmp_path / "index.md").write_text("[A](a.md) [B](monitor/b.md) [C](settings.md) [D](https://x.org/d.md)")
    assert navigation(tmp_path) == [
        "index.md",
        {"The application": ["a.md"]},
        {"Running it": ["settings.md"]},
        {"The monitor": ["monitor/b.md"]},
        {"Runbooks": ["runbooks/index.md", "runbooks/file.md"]},
    ]
