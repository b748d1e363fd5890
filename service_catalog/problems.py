"""What is wrong with a city file, in words for editors, each with its line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

MAX_PROBLEMS = 200
"""Nobody reads further; a file that is wrong throughout must not print a novel."""


@dataclass(frozen=True, order=True)
class Problem:
    """`str()` gives `bandung.yml:123: layanan ktp_el_hilang: …`."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class CityFileError(ValueError):
    """A city file that cannot be used. `problems` holds every error found, by line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems:
    """Collects problems while a file is read, so that an editor sees all of them at once."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: list[Problem] = []

    def add(self, line: int, message: str) -> None:
        self._found.append(Problem(self._file, line, " ".join(message.split())))

    def __bool__(self) -> bool:
        return bool(self._found)

    def raise_if_any(self) -> None:
        """Raises:
        CityFileError: at least one problem was added.
        """
        if not self._found:
            return
        found = sorted(set(self._found))
        if len(found) > MAX_PROBLEMS:
            rest = len(found) - MAX_PROBLEMS
            found = found[:MAX_PROBLEMS]
            found.append(Problem(self._file, found[-1].line, f"… dan {rest} kesalahan lain sesudah ini"))
        raise CityFileError(found)


def suggestion(word: str, known: Sequence[str]) -> str:
    """` (maksudnya '…'?)` where a known word is near, else an empty string."""
    near = process.extractOne(word[:200], known, scorer=fuzz.ratio, score_cutoff=60)
    return f" (maksudnya '{near[0]}'?)" if near else ""


def quoted(word: str) -> str:
    """The word as shown in a message: short, whatever was written."""
    return f"'{word}'" if len(word) <= 60 else f"'{word[:57]}…'"
