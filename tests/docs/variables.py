"""Collects from the code every environment variable that it reads and every setting that it has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

from tests.docs.pages import ROOT

PACKAGES = (
    "accounts", "core", "data_tools", "experiments", "hydroml", "jobs", "monitor", "projects", "stack", "strategy"
)  # fmt: skip
# What environments are called where they are read.
MAPPINGS = {"env", "environ", "variables", "given", "given_env"}
READERS = {"get", "text", "flag", "integer", "number", "choice", "words", "path", "database"}
# Read by our code, but set for it by others: shells, CI, and Django's own start.
NOT_OURS = {"PATH", "CI", "DEBIAN_FRONTEND", "PYTHONHOME", "DJANGO_SETTINGS_MODULE", "PYTHONUNBUFFERED"}
# The SDK reads many; this one it may read, in development.
OF_THE_SDK = {"SENTRY_SPOTLIGHT"}
# WSGI's environ is no environment.
OF_A_REQUEST = re.compile(r"HTTP_.*|PATH_INFO|REMOTE_ADDR|QUERY_STRING|REQUEST_METHOD|CONTENT_\w+|SERVER_\w+")

_NAME = re.compile(r"[A-Z][A-Z0-9_]+")
_SHELL = re.compile(r"\$\{([A-Z][A-Z0-9_]+)[:}]|: \"\$\{([A-Z][A-Z0-9_]+):=")


@cache
def variable_names() -> set[str]:
    """Every environment variable that application, stack, image and strategy read."""
    found = {name for file in _sources() for name, _ in _reads(ast.parse(file.read_text(encoding="utf-8")))}
    for file in (ROOT / "deploy/docker/hydroml", *ROOT.glob("docker-compose*.yml"), ROOT / "Procfile"):
        for match in _SHELL.finditer(file.read_text(encoding="utf-8")):
            found.add(match[1] or match[2])
    found |= _of_strategy() | _of_the_drill() | OF_THE_SDK
    return {name for name in found - NOT_OURS if not OF_A_REQUEST.fullmatch(name)}


@cache
def literal_defaults() -> dict[str, str]:
    """The defaults that hydroml/settings.py writes down, as somebody would write them in .env."""
    tree = ast.parse((ROOT / "hydroml/settings.py").read_text(encoding="utf-8"))
    return {name: default for name, default in _reads(tree) if default is not None}


@cache
def setting_names() -> set[str]:
    """Every setting that hydroml/settings.py makes, and every one that the code asks for by `getattr`."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / "hydroml/settings.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {each.id for each in targets if isinstance(each, ast.Name) and each.id.isupper()}
    for file in _sources():
        found |= set(_getattrs(ast.parse(file.read_text(encoding="utf-8"))))
    return found


@cache
def error_page_keys() -> set[str]:
    from core.error_settings import ErrorPageSettings

    return {field.name.upper() for field in fields(ErrorPageSettings)}


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in file.parts:
                yield file


def _of_the_drill() -> set[str]:
    """It reads them by a table of keys."""
    from core.firedrill.target import FILE_VARIABLE, KEYS, SENTRY_VARIABLES

    return {FILE_VARIABLE, *KEYS.values(), *SENTRY_VARIABLES.values()}


def _of_strategy() -> set[str]:
    text = (ROOT / "strategy/strategy.toml").read_text(encoding="utf-8")
    return {
        name for table in re.findall(r"^from_env = \{(.*)\}", text, re.MULTILINE)
        for name in re.findall(r'"([A-Z][A-Z0-9_]+)"', table)
    }  # fmt: skip


def _reads(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Names of variables, with the default where it is a literal."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=mapping, attr=reader), args=[ast.Constant(str(name)), *rest]
            ):
                if reader in READERS and _is_mapping(mapping) and _is_name(name):
                    yield name, _default(rest, node.keywords)
            case ast.Call(func=ast.Name(), args=[first, ast.Constant(str(name)), *_]):
                if _is_mapping(first) and _is_name(name):
                    yield name, None
            case ast.Subscript(value=mapping, slice=ast.Constant(str(name)), ctx=ast.Load()):
                if _is_mapping(mapping) and _is_name(name):
                    yield name, None
            case ast.Assign(targets=[ast.Name("GIVEN")], value=ast.Dict(values=values)):
                yield from ((str(each.value), None) for each in values if isinstance(each, ast.Constant))


def _getattrs(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("getattr"), args=[ast.Name("settings"), ast.Constant(str(name)), *_]):
                yield name


def _is_mapping(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name.lstrip("_") in MAPPINGS


def _is_name(value: str) -> bool:
    return _NAME.fullmatch(value) is not None


def _default(rest: list[ast.expr], keywords: list[ast.keyword]) -> str | None:
    given = next((word.value for word in keywords if word.arg == "default"), rest[0] if rest else None)
    if given is None:
        return None
    try:
        value = ast.literal_eval(given)
    except ValueError:
        return None
    if isinstance(value, bool):
        return str(int(value))
    return ",".join(value) if isinstance(value, tuple) else str(value)
