"""Users, what they may see (territory), and how they prove who they are (sessions, API tokens)."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation import clock
from app.foundation.db import Base, Id, Tenant, Versioned


class User(Versioned, Base):
    """A person or an integration of the organisation. `password_hash` (argon2id) is absent when they sign in otherwise."""

    __tablename__ = "user_account"

    email: Mapped[str] = mapped_column(sa.String(254))
    name: Mapped[str] = mapped_column(sa.String(200))
    role: Mapped[str] = mapped_column(sa.String(20))
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    locale: Mapped[str] = mapped_column(sa.String(35), default="en")
    active: Mapped[bool] = mapped_column(default=True)
    manager_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="SET NULL"))

    __table_args__ = (
        # Sign-in knows no organisation yet, so an address names one user of the whole installation.
        sa.UniqueConstraint("email"),
        sa.CheckConstraint("role IN ('rep', 'manager', 'administrator', 'integration')", name="role"),
        sa.Index("ix_user_account_org_id_manager_id", "org_id", "manager_id"),
    )


class TerritoryAssignment(Versioned, Base):
    """A user looks after an account from `starts_on` to `ends_on` (inclusive; open when absent)."""

    __tablename__ = "territory"

    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"))
    account_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("account.id", ondelete="CASCADE"))
    starts_on: Mapped[date] = mapped_column(sa.Date)
    ends_on: Mapped[date | None] = mapped_column(sa.Date)

    __table_args__ = (
        sa.UniqueConstraint("org_id", "user_id", "account_id", "starts_on"),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates"),
        sa.Index("ix_territory_user_id_account_id", "user_id", "account_id", "starts_on", "ends_on"),
        sa.Index("ix_territory_org_id_account_id", "org_id", "account_id", "user_id", "starts_on", "ends_on"),
    )


class SignInSession(Tenant, Base):
    """A browser that signed in. Only the SHA-256 of its cookie is kept.

    `client_group_id` names the phone's data that it pulls. One that ended because its device was `revoked` is kept, so
    that the phone hears so and wipes itself.
    """

    __tablename__ = "sign_in_session"

    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    user_agent: Mapped[str | None] = mapped_column(sa.String(200))
    client_group_id: Mapped[str | None] = mapped_column(Id)
    revoked: Mapped[bool] = mapped_column(default=False)


class ApiToken(Tenant, Base):
    """A credential for an integration: scoped, expiring, revocable; only the SHA-256 of its secret is kept."""

    __tablename__ = "api_token"

    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
