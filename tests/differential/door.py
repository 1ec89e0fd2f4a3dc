"""The phone's engine in a Node process: questions as JSON lines in, answers out, one at a time."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

PWA = Path(__file__).resolve().parents[2] / "pwa"


class Door:
    """`with Door("quote") as door: door.ask({...})`; a door that broke says what Node wrote last."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> "Door":
        self._process = subprocess.Popen(
            ["node", "differential/run.mjs", self._name],
            cwd=PWA,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        return self

    def ask(self, question: Any) -> dict[str, Any]:
        """The answer to one question: `{"result": …}` or `{"error": {"pointer", "detail"}}`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise RuntimeError(f"the phone's engine ended: {self._process.stderr.read()[-4000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
