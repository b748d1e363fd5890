"""Promises of the project that a reviewer would forget to check."""

from __future__ import annotations

import re
import subprocess

import yaml

from actions import payload
from actions.rasa_protocol import ACTION_NAMES, action_name
from actions.vocabulary import ACTS
from bot.settings import Settings
from nirtatap.wiring import CITIES, ROOT
from nlu.trainer.check import known_acts
from service_catalog import city_file


def tracked() -> list[str]:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")  # noqa: S607
    return [name for name in files if name]


def test_no_machine_path_or_registry_host_is_committed() -> None:
    files = tracked()
    assert len(files) > 100
    folders = "|".join(("root", "work", "home"))
    forbidden = re.compile(rf"(?<![\w.])/(?:{folders})/\w|--(?:extra-)?index-url|pyenv/" + "versions")
    for name in files:
        path = ROOT / name
        if not path.is_file() or path.suffix in {".png", ".jpg", ".woff2"}:
            continue
        found = forbidden.search(path.read_text(encoding="utf-8", errors="replace"))
        assert not found, f"{name}: {found and found[0]}"


def test_locks_have_hashes_and_no_host() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    locks = [path for path in locks if path.name != "rasa-overrides.txt"]
    assert len(locks) == 3
    for path in locks:
        text = path.read_text(encoding="utf-8")
        assert text.count("--hash=sha256:") > 100, path.name
        assert "://" not in text, path.name


def test_the_bots_lock_is_enough_without_the_tests_tools() -> None:
    """The development lock holds more; what the bot needs must stand in its own."""
    names = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements" / "app.txt").read_text(), re.MULTILINE))
    assert len(names) > 40
    # SQLAlchemy's asyncio side needs greenlet, and takes it only as an extra.
    assert {"greenlet", "sqlalchemy", "asyncpg", "aiohttp", "python-telegram-bot", "psutil"} <= names


def test_every_setting_is_documented() -> None:
    named = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_every_act_is_answered_and_trained() -> None:
    assert len(ACTS) == 28
    assert known_acts(ROOT) == ACTS
    assert {action_name(act) for act in ACTS} <= ACTION_NAMES


def test_cities_know_every_service_that_is_trained() -> None:
    cities = sorted(CITIES.glob("*.yml"))
    assert [path.stem for path in cities] == ["bandung", "lhokseumawe"]
    for path in cities:
        catalogue = city_file.read_city_file(path)
        assert (len(catalogue.services), len(catalogue.opds), len(catalogue.life_events)) == (90, 29, 14)
        assert len(catalogue.out_of_scope) >= 16
        for service in catalogue.services:
            choice = payload.decode(payload.encode("ask_requirements", service.id))
            assert choice is not None and choice.service == service.id


def test_decisions_are_numbered_and_indexed() -> None:
    folder = ROOT / "docs" / "decisions"
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert files
    numbers = [name[:4] for name in files]
    assert numbers == [f"{n:04d}" for n in range(1, len(files) + 1)]
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [name for name in files if name not in index] == []


def test_compose_file_names_only_what_exists() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert {"db", "rasa", "bot"} <= set(compose["services"])
    known = {name.upper() for name in Settings.model_fields}
    for name, service in compose["services"].items():
        for key in service.get("environment", {}):
            assert key in known or key.startswith("POSTGRES_"), f"{name}: {key}"
        build = service.get("build")
        if build:
            assert (ROOT / build["context"] / build.get("dockerfile", "Dockerfile")).is_file()


def test_every_act_is_explained() -> None:
    page = (ROOT / "docs" / "acts.md").read_text(encoding="utf-8")
    assert [act for act in ACTS if f"`{act}`" not in page] == []
