"""Redis as a broker: what a worker makes of an acknowledgement that the broker did not get."""

from typing import Any

from kombu.transport import redis, virtual


class QoS(redis.QoS):
    """As kombu's, but a message that cannot be acknowledged is not held any longer.

    Kombu counts it as held for good when the connection breaks there. A worker that takes one message at a time then never
    asks for another, so it never learns that the connection is gone, and stands still until somebody restarts it. Counted
    as given up it asks, learns it, and connects again. The job is safe either way: it is claimed in the database.
    """

    def ack(self, delivery_tag: Any) -> None:
        """Acknowledge, or raise what redis raises."""
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except Exception:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        """Refuse, or raise what redis raises."""
        try:
            super().reject(delivery_tag, requeue)  # type: ignore[no-untyped-call]
        except Exception:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise


def use() -> None:
    """Have every channel to Redis, by TLS and Sentinel too, count so in this process."""
    redis.Channel.QoS = QoS
