"""The phone's configuration engine in Node, as `pwa/bench/engine.ts` offers it: models by name, plain questions and answers."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

PWA = Path(__file__).resolve().parents[2] / "pwa"


class PhoneEngine:
    """One Node process; ask it as a context."""

    def __enter__(self) -> PhoneEngine:
        self._process = subprocess.Popen(
            ["node", "bench/ask.mjs"],
            cwd=PWA,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)

    def ask(self, name: str, *args: Any) -> Any:
        """What a function of the engine returns; RuntimeError with what it throws."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"do": name, "args": args}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("Node ended")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def load(self, name: str, data: bytes) -> Any:
        """Load an artefact under a name."""
        return self.ask("load", name, base64.b64encode(data).decode())
