"""docs/recipes.md and docs/sdk3.md: no point without a proof, no proof without a point, no file that is not there."""

from __future__ import annotations

import ast
import re

from tests.docs import pages

PAGE = (pages.DOCS / "recipes.md").read_text(encoding="utf-8")
POINTS = re.split(r"^### ", PAGE.split("## Known, and not proved")[0], flags=re.MULTILINE)[1:]


def test_each_point_names_one_proof_and_each_proof_is_named_once() -> None:
    named = [re.findall(r"^Proof: `(tests/recipes/\w+\.py::\w+)`$", point, re.MULTILINE) for point in POINTS]
    assert all(len(proofs) == 1 for proofs in named)
    assert sorted(proof for [proof] in named) == sorted(_proofs())


def test_each_point_says_what_to_do_instead() -> None:
    assert all("**Instead**" in point for point in POINTS)
    assert len(POINTS) >= 25


def test_each_file_that_the_page_names_exists() -> None:
    named = re.findall(r"`((?:core|tests|strategy)/[\w/.]+)", PAGE)
    assert named
    assert not [path for path in named if not (pages.ROOT / path.removesuffix(".")).exists()]


def test_the_page_on_sdk_3_names_each_file_that_touches_the_sdk() -> None:
    page = (pages.DOCS / "sdk3.md").read_text(encoding="utf-8")
    for file in sorted((pages.ROOT / "core").rglob("*.py")):
        path = str(file.relative_to(pages.ROOT))
        if re.search(r"^ *(?:import|from) sentry_sdk", file.read_text(encoding="utf-8"), re.MULTILINE):
            assert f"`{path}`" in page or f"`{file.parent.relative_to(pages.ROOT)}/`" in page, path
    named = re.findall(r"`(core/sentry/[\w/.]+)`", page)
    assert not [path for path in named if not (pages.ROOT / path).exists()]


def _proofs() -> list[str]:
    found = []
    for file in sorted((pages.ROOT / "tests/recipes").glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.append(f"{file.relative_to(pages.ROOT)}::{node.name}")
    return found
