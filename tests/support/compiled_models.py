"""The public feature models, compiled once for each version of the compiler: kept in `build/models`."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from app.cpq import artefact, artefact_sections, clauses, diagram_build, diagram_build_worker, dimacs
from app.cpq import compile as compiler
from app.cpq.compile import compile_dimacs
from app.cpq.diagram_build import Gate

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "models"
MODULES = (artefact, artefact_sections, clauses, compiler, diagram_build, diagram_build_worker, dimacs)
BEYOND_THE_GATE = ("automotive_automotive01_Kowal2016", "finance_FinancialServices01_Nieke2018-2018-05-09")
# What is beyond the gate is known beforehand here; that the whole gate says so too is tested with the compiler.
CLOSED = Gate(nodes=10, seconds=1)


def compiled(source: Path) -> bytes:
    """The artefact of a DIMACS file."""
    text = source.read_bytes()
    parts = [text, *(Path(str(module.__file__)).read_bytes() for module in MODULES)]
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]
    kept = FOLDER / f"{source.stem}-{key}.bin"
    if not kept.exists():
        gate = CLOSED if source.stem in BEYOND_THE_GATE else None
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_bytes(compile_dimacs(text.decode(), source.stem, gate).data)
        part.replace(kept)
    return kept.read_bytes()


def within_the_gate(folder: Path) -> list[Path]:
    """The models that a diagram serves."""
    return sorted(path for path in folder.glob("*.dimacs") if path.stem not in BEYOND_THE_GATE)
