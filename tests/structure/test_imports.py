"""Imports point one way: each room sees only what lies below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from nirtatap.wiring import ROOT

MAY_IMPORT = {
    "service_catalog": set(),
    "nlu.components": set(),
    "migrations": set(),
    "nlu": {"service_catalog"},
    "actions": {"service_catalog"},
    "bot": {"actions", "service_catalog"},
    "nirtatap": {"actions", "bot", "migrations", "nlu", "service_catalog"},
}
ROOMS = {"service_catalog", "nlu", "actions", "bot", "nirtatap", "migrations", "tests"}
NOT_FOR_ACTIONS = {"aiohttp", "sqlalchemy", "telegram", "pywa", "rasa", "asyncio"}


def modules(room: str) -> list[Path]:
    folder = ROOT / room.replace(".", "/")
    files = sorted(folder.rglob("*.py"))
    if room == "nlu":
        files = [path for path in files if "components" not in path.parts]
    return files


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
    return names


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_rooms_import_one_way(room: str) -> None:
    files = modules(room)
    assert files, f"{room} has no modules: the guard would guard nothing"
    seen_own = False
    for path in files:
        for name in imported(path):
            top = name.split(".", maxsplit=1)[0]
            if top not in ROOMS:
                continue
            if top == room.split(".", maxsplit=1)[0]:
                seen_own = True
                assert room != "nlu.components" or name.startswith("nlu.components"), f"{path} imports {name}"
                continue
            assert top in MAY_IMPORT[room], f"{path.relative_to(ROOT)} imports {name}"
    assert seen_own or room in ("migrations",), f"{room}: no import of its own was seen, is the reader broken?"


def test_nobody_imports_the_composition_root() -> None:
    files = [path for room in MAY_IMPORT if room != "nirtatap" for path in modules(room)]
    assert len(files) > 50
    for path in files:
        assert not any(name.split(".")[0] == "nirtatap" for name in imported(path)), path


def test_actions_are_pure_of_channels_and_frameworks() -> None:
    files = modules("actions")
    assert files
    for path in files:
        tops = {name.split(".", maxsplit=1)[0] for name in imported(path)}
        assert not tops & NOT_FOR_ACTIONS, f"{path}: {tops & NOT_FOR_ACTIONS}"


def test_files_stay_readable() -> None:
    files = [path for room in MAY_IMPORT for path in modules(room)]
    assert len(files) > 60
    too_long = {str(p.relative_to(ROOT)): n for p in files if (n := len(p.read_text().splitlines())) > 300}
    assert not too_long, too_long
