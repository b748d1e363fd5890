"""What a run was asked, and everything it found out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nirtatap.bench import figures
from nirtatap.bench.figures import Cell
from nirtatap.bench.machine import Machine


@dataclass(frozen=True)
class Plan:
    """What to measure."""

    residents: tuple[int, ...] = (1, 16, 64)
    seconds: float = 6.0
    warm_up: float = 2.0
    rounds: int = 1
    with_stock: bool = True
    stock_epochs: int = 100
    retrain: bool = False
    database_url: str | None = None
    folder: Path = Path("build/bench")


@dataclass
class Result:
    """Everything a run found out."""

    machine: Machine
    plan: Plan
    database: str
    cells: list[Cell] = field(default_factory=list)
    messages: int = 0
    messages_left_out: int = 0
    memory_mib: dict[str, float] = field(default_factory=dict)
    ready_seconds: dict[str, float] = field(default_factory=dict)
    model_bytes: dict[str, int] = field(default_factory=dict)
    model_is_current: bool = False
    stock_trained_seconds: float | None = None

    def as_json(self) -> dict[str, Any]:
        """What speed.json holds; the database's address, which may hold a password, is left out."""
        plan = {**asdict(self.plan), "folder": str(self.plan.folder)}
        del plan["database_url"]
        return {
            **asdict(self),
            "plan": plan,
            "times_stock": {
                kind: figures.times_stock(self.cells, kind) for kind in (figures.WEBCHAT, figures.TELEGRAM)
            },
            "own_share_ms": figures.own_share_ms(self.cells),
            "aims": [asdict(aim) for aim in figures.aims(self.cells)],
        }
