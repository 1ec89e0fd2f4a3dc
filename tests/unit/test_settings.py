"""Settings: what a deployment may change, and how a wrong value is answered."""

from dataclasses import fields
from pathlib import Path

import pytest

from app.config import Settings, SettingsError, load_settings

ROOT = Path(__file__).resolve().parents[2]


def settings_table() -> str:
    """The table of docs/settings.md, from the one place where settings are read."""
    rows = ["| setting | default | meaning |", "| --- | --- | --- |"]
    for setting in fields(Settings):
        default = str(setting.default).lower() if isinstance(setting.default, bool) else setting.default
        rows.append(f"| `DOORSTEP_{setting.name.upper()}` | `{default}` | {setting.metadata['doc']} |")
    return "\n".join(rows)


def test_every_setting_is_documented_as_it_is_read() -> None:
    assert settings_table() in (ROOT / "docs/settings.md").read_text()


def test_a_value_of_the_wrong_type_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_PORT", "eighty")
    with pytest.raises(SettingsError, match="DOORSTEP_PORT"):
        load_settings(None)


def test_a_port_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_PORT", "70000")
    with pytest.raises(SettingsError, match="70000 is not a port"):
        load_settings(None)


@pytest.mark.parametrize("lease", ["0", "90"])
def test_a_phone_may_not_be_out_of_touch_for_longer_than_answers_are_kept(
    monkeypatch: pytest.MonkeyPatch, lease: str
) -> None:
    monkeypatch.setenv("DOORSTEP_OFFLINE_LEASE_DAYS", lease)
    with pytest.raises(SettingsError, match="DOORSTEP_MUTATION_RECORD_DAYS"):
        load_settings(None)


def test_an_unknown_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_PROT", "8000")
    with pytest.raises(SettingsError, match="DOORSTEP_PROT"):
        load_settings(None)


def test_a_dot_env_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("DOORSTEP_PORT=9001\nDOORSTEP_HOST=0.0.0.0\n")
    monkeypatch.setenv("DOORSTEP_PORT", "9002")
    monkeypatch.delenv("DOORSTEP_HOST", raising=False)
    settings = load_settings(file)
    monkeypatch.delenv("DOORSTEP_HOST", raising=False)
    assert (settings.port, settings.host) == (9002, "0.0.0.0")
