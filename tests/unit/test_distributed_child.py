"""What `make run-distributed` starts again: soon, later when it ends at once, soon again when it had run for a while.

And where it puts Redis.
"""

import socket
import sys
import time
from pathlib import Path

from app.distributed import LONGEST_PAUSE, PORTS, SHORTEST_PAUSE, Child, free_port, start_redis


def ended(child: Child) -> None:
    """Let the process that was started end by itself."""
    assert child.process is not None
    child.process.wait(30)


def test_the_pause_grows_while_a_process_ends_at_once_and_is_short_again_after_it_ran_for_a_while(
    tmp_path: Path,
) -> None:
    child, now, pauses = Child("nothing", [sys.executable, "-c", ""], {}, tmp_path), 100.0, []
    for lived in (0.1, 0.1, 0.1, LONGEST_PAUSE + 1, 0.1):
        child.look(now)
        ended(child)
        now += lived
        child.look(now)
        assert child.process is None
        pauses.append(child.due - now)
        now = child.due
    assert pauses == [SHORTEST_PAUSE, 2 * SHORTEST_PAUSE, 4 * SHORTEST_PAUSE, SHORTEST_PAUSE, 2 * SHORTEST_PAUSE]


def test_redis_takes_another_port_where_somebody_listens_on_the_chosen_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as stranger:
        taken, free = stranger.getsockname()[1], free_port()
        chosen = iter((taken, free))
        server, url = start_redis(tmp_path, lambda: next(chosen))
        server.stop()
        server.wait(time.monotonic() + 30)
    assert url == f"redis://127.0.0.1:{free}/0" and {taken, free} < set(PORTS)
