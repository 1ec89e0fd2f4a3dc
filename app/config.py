"""Every setting: name, type, default, meaning. Read from the environment and `.env`, with the prefix `DOORSTEP_`."""

import os
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from environs import Env


class SettingsError(ValueError):
    """A setting that cannot be used: names the variable, the fault and what to write instead."""


@dataclass(frozen=True)
class Settings:
    """Settings of one process. Each field is `DOORSTEP_<NAME>`."""

    database_url: str = field(
        default="sqlite:///var/doorstep.db",
        metadata={"doc": "SQLAlchemy URL: SQLite file or postgresql+psycopg://user:password@host/name"},
    )
    migration_url: str = field(
        default="",
        metadata={
            "doc": "URL of the same PostgreSQL database for the role that owns its tables, for `doorstep migrate`; empty: "
            "DOORSTEP_DATABASE_URL"
        },
    )
    database_pool: int = field(default=8, metadata={"doc": "Connections kept open per process"})
    host: str = field(default="127.0.0.1", metadata={"doc": "Address that the web server listens on"})
    port: int = field(default=8000, metadata={"doc": "Port that the web server listens on"})
    workers: int = field(default=1, metadata={"doc": "Web server processes"})
    public_url: str = field(
        default="", metadata={"doc": "Address that people use, when a proxy stands in front (https://sales.example)"}
    )
    trusted_proxies: int = field(
        default=0, metadata={"doc": "Number of reverse proxies in front whose X-Forwarded-* headers are believed"}
    )
    embedded_runner: bool = field(default=True, metadata={"doc": "Run background jobs in the web process"})
    broker_url: str = field(
        default="",
        metadata={
            "doc": "Broker between `doorstep relay` and `doorstep worker`: redis://host:6379/0 or amqp://…; empty: the web "
            "process runs the jobs"
        },
    )
    job_lease_seconds: int = field(
        default=120, metadata={"doc": "A job whose process vanished is taken up by another after this many seconds"}
    )
    max_body_bytes: int = field(default=10_000_000, metadata={"doc": "Largest request body accepted, bytes"})
    session_idle_hours: int = field(
        default=14 * 24, metadata={"doc": "A browser session ends after this many hours without a request"}
    )
    session_max_hours: int = field(
        default=30 * 24, metadata={"doc": "A browser session ends after this many hours in any case"}
    )
    sign_in_per_minute: int = field(
        default=10, metadata={"doc": "Sign-in attempts allowed a minute for one address and for one e-mail"}
    )
    sign_in_failures_per_hour: int = field(
        default=60, metadata={"doc": "Failed sign-in attempts allowed an hour for one e-mail, wherever they come from"}
    )
    recent_sign_in_minutes: int = field(
        default=15, metadata={"doc": "Changing users and issuing tokens takes a sign-in at most this many minutes old"}
    )
    attachment_quota_mb: int = field(
        default=1000, metadata={"doc": "Room for the attachments of one user, millions of bytes"}
    )
    offline_lease_days: int = field(
        default=14, metadata={"doc": "A phone that was out of touch for this many days asks to sign in before it opens"}
    )
    mutation_record_days: int = field(
        default=90, metadata={"doc": "What was answered to a phone's mutations is kept for this many days"}
    )
    requests_per_minute: int = field(
        default=1200, metadata={"doc": "Writes and batches allowed a minute for one credential"}
    )
    live_streams: int = field(
        default=400, metadata={"doc": "Live streams that one web process holds; further phones pull now and then"}
    )
    live_streams_per_user: int = field(default=12, metadata={"doc": "Live streams that one user may hold in a process"})
    rate_limit_storage_url: str = field(
        default="memory://",
        metadata={"doc": "Where rate limits are counted: memory:// or redis://host:port/0 for several processes"},
    )
    outbound_allow: str = field(
        default="",
        metadata={
            "doc": "Private hosts that outbound requests may reach, by name: comma-separated host, host:port or CIDR"
        },
    )
    outbound_max_bytes: int = field(
        default=5_000_000, metadata={"doc": "Largest answer accepted from another system, decompressed bytes"}
    )
    outbound_deadline_seconds: int = field(
        default=20, metadata={"doc": "An outbound request is given up after this many seconds in all"}
    )
    push_contact: str = field(
        default="",
        metadata={
            "doc": "Whom push services may turn to: mailto:… or https://…; postmaster of the public URL when empty"
        },
    )
    push_deadline_seconds: int = field(
        default=8, metadata={"doc": "A push service that takes longer is tried again later; at most 30"}
    )
    calendar_max_bytes: int = field(
        default=10_000_000, metadata={"doc": "Largest calendar accepted from a file or another server, bytes"}
    )
    secret_key: str = field(
        default="",
        metadata={"doc": "Seals stored passwords of calendars; 32 random bytes as text, the same on every machine"},
    )
    secret_key_file: str = field(
        default="var/secret.key",
        metadata={"doc": "Where that key is kept when it is not set here; made when missing, to be backed up"},
    )
    smtp_host: str = field(
        default="",
        metadata={"doc": "Mail server for notices to those without a device that takes them; none when empty"},
    )
    smtp_port: int = field(default=587, metadata={"doc": "Port of the mail server"})
    smtp_tls: str = field(
        default="starttls", metadata={"doc": "starttls, tls (encrypted from the first byte, often port 465) or none"}
    )
    smtp_user: str = field(default="", metadata={"doc": "User at the mail server; nobody signs in when empty"})
    smtp_password: str = field(default="", metadata={"doc": "Password at the mail server"})
    smtp_from: str = field(
        default="", metadata={"doc": "Sender of notices; doorstep at the host of the public URL when empty"}
    )
    sample: bool = field(
        default=True, metadata={"doc": "Load the sample territory when `make run` finds the database empty"}
    )
    sample_feeds_port: int = field(
        default=8001, metadata={"doc": "Port on 127.0.0.1 where the sample territory's own news feeds are served"}
    )
    metrics_token: str = field(
        default="", metadata={"doc": "Bearer token that reads /metrics; empty: only this machine may read it"}
    )
    metrics_folder: str = field(
        default="",
        metadata={
            "doc": "Folder where the processes of one machine keep their counts for /metrics; empty: one for each web server"
        },
    )
    otlp_endpoint: str = field(
        default="",
        metadata={
            "doc": "OpenTelemetry collector that traces are sent to (OTLP over HTTP, http://host:4318); empty: none"
        },
    )
    trace_percent: int = field(default=100, metadata={"doc": "Of 100 traces, so many are sent"})
    log_level: str = field(default="INFO", metadata={"doc": "DEBUG, INFO, WARNING or ERROR"})
    log_format: str = field(default="auto", metadata={"doc": "json, text, or auto: text on a terminal"})

    @property
    def secure_origin(self) -> bool:
        """Whether people reach this installation by https, so that HSTS may be sent."""
        return self.public_url.startswith("https://")


def _refuse_unknown() -> None:
    known = {f"DOORSTEP_{setting.name.upper()}" for setting in fields(Settings)}
    unknown = sorted(name for name in os.environ if name.startswith("DOORSTEP_") and name not in known)
    if unknown:
        close = get_close_matches(unknown[0], known, 1)
        hint = f"did you mean {close[0]}?" if close else "docs/settings.md lists them all."
        raise SettingsError(f"{unknown[0]} is not a setting; {hint}")


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read settings; an unknown DOORSTEP_ variable or a value of the wrong type raises SettingsError with its name."""
    env = Env(prefix="DOORSTEP_")
    if env_file is not None and env_file.is_file():
        env.read_env(str(env_file), recurse=False)
    _refuse_unknown()
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        read: Any = {bool: env.bool, int: env.int}.get(type(setting.default), env.str)
        try:
            values[setting.name] = read(setting.name.upper(), setting.default)
        except Exception as fault:
            raise SettingsError(
                f"DOORSTEP_{setting.name.upper()}: {fault}. Expected {type(setting.default).__name__}: "
                f"{setting.metadata['doc']}."
            ) from fault
    settings = Settings(**values)
    if not 1 <= settings.port <= 65535:
        raise SettingsError(f"DOORSTEP_PORT: {settings.port} is not a port; use 1 to 65535.")
    if not 1 <= settings.offline_lease_days < settings.mutation_record_days:
        raise SettingsError(
            "DOORSTEP_OFFLINE_LEASE_DAYS must be at least 1 and less than DOORSTEP_MUTATION_RECORD_DAYS: a phone that may "
            "be out of touch for longer than answers are kept could not be told what became of what it sends."
        )
    if settings.job_lease_seconds < 1:
        raise SettingsError(f"DOORSTEP_JOB_LEASE_SECONDS: {settings.job_lease_seconds} is too short; use 1 or more.")
    if not 0 <= settings.trace_percent <= 100:
        raise SettingsError(f"DOORSTEP_TRACE_PERCENT: {settings.trace_percent} is no percentage; use 0 to 100.")
    if settings.log_level.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError(
            f"DOORSTEP_LOG_LEVEL: {settings.log_level!r} is unknown; use DEBUG, INFO, WARNING or ERROR."
        )
    return settings
