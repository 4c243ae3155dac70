"""HydroML's strategy.toml as the beginning of another project's: what is HydroML's alone goes, everything else stays.

Text is changed, not data, so that the comments, which are half of the file, come along.
"""

from __future__ import annotations

import re
import sys

_FEATURES = """[features]
# What users do here, with the URL names and tasks that do it: rates are counted by it, and rules may watch it.
# checkout = { title = "Checking out", routes = ["shop:checkout", "shop:pay"], critical = true }

"""
_NAME = re.compile(r'"(\w+(?:\.\w+)+)"')


def strategy_of_theirs(text: str) -> str:
    """`text` without HydroML's features, paths, tasks and field names; classes of libraries may be missing."""
    blocks = re.split(r"(?=^\[)", text, flags=re.M)
    kept = [
        block
        for block in blocks
        if not _of_features(block) and not block.startswith("[dashboards.ml_pipeline]")
    ]
    gone = {name for block in blocks if block not in kept for name in _names(block)}
    return "".join(_changed(block, gone) for block in kept)


def _of_features(block: str) -> bool:
    return block.startswith(("[[alerts]]", "[slos.")) and re.search(r"^features = ", block, re.M) is not None


def _names(block: str) -> list[str]:
    return re.findall(r'^id = "([\w-]+)"', block, re.M) or re.findall(r"^\[\w+\.(\w+)\]", block)


def _changed(block: str, gone: set[str]) -> str:
    if block.startswith("[features]"):
        return _FEATURES
    if block.startswith("[owners."):
        return re.sub(r"^paths = .*\n", "", block, flags=re.M)
    block = re.sub(r"^(never_traced_tasks|names) = \[[^\]]*\]", r"\1 = []", block, flags=re.M)
    block = re.sub(
        r"^((?:slos|yields_to) = )\[([^\]]*)\](.*\n)", lambda found: _without(found, gone), block, flags=re.M
    )
    lists = re.compile(r"^(classes|final) = \[.*?\]|^class = .*$", re.M | re.S)
    return lists.sub(lambda found: _NAME.sub(_optional, found[0]), block)


def _without(found: re.Match[str], gone: set[str]) -> str:
    left = [name for name in re.findall(r'"([\w-]+)"', found[2]) if name not in gone]
    written = ", ".join(f'"{name}"' for name in left)
    return f"{found[1]}[{written}]{found[3]}" if left else ""


def _optional(name: re.Match[str]) -> str:
    """A closing "?" lets a class be missing: nobody has all of HydroML's libraries."""
    top = name[1].split(".")[0]
    return name[0] if top in {"django", "core"} or top in sys.stdlib_module_names else f'"{name[1]}?"'
