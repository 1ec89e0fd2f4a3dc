"""What each phone has been sent: the client view record (CVR) of the row-version strategy."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation import clock
from app.foundation.db import Base, Id, Instant, Tenant


class ClientGroup(Tenant, Base):
    """One installation of the phone app; `id` is the client group id that the phone made."""

    __tablename__ = "client_group"

    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    last_pulled_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


class ClientView(Base):
    """The rows, by type, id and version, that a phone holds after it applied the answer with this cookie.

    `order` grows within a client group and is never given twice, not even after the group was forgotten or the database
    restored: it starts from the clock (milliseconds). `digest` names the content of `rows`.
    """

    __tablename__ = "client_view"

    client_group_id: Mapped[str] = mapped_column(
        Id, sa.ForeignKey("client_group.id", ondelete="CASCADE"), primary_key=True
    )
    order: Mapped[int] = mapped_column("view_order", sa.BigInteger, primary_key=True, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    rows: Mapped[bytes]
