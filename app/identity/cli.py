"""Commands for users: the first administrator, and passwords."""

import click
import sqlalchemy as sa

from app.foundation import audit
from app.foundation.principal import Role, system_principal
from app.foundation.problems import Problem
from app.foundation.tables import Organisation
from app.identity import service
from app.identity.tables import SignInSession, User


@click.group()
def users() -> None:
    """Add users and set passwords."""


@users.command()
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), default="rep", show_default=True)
@click.option("--organisation", help="Name; made when there is none yet.", default="My company", show_default=True)
@click.option("--time-zone", default="UTC", show_default=True)
@click.password_option(help="12 characters or more; asked for when left out.")
@click.pass_context
def add(context: click.Context, email: str, name: str, role: str, organisation: str, time_zone: str, password: str) -> None:
    """Add a user who signs in with EMAIL."""
    from app.cli import database_of

    with database_of(context).write() as session:
        org = session.scalars(sa.select(Organisation)).first()
        if org is None:
            org = Organisation(name=organisation)
            session.add(org)
            session.flush()
        try:
            user = service.create_user(
                session, org.id, email=email, name=name, role=Role(role), password=password, time_zone=time_zone
            )
        except Problem as problem:
            raise click.ClickException("; ".join(e.detail for e in problem.errors) or problem.detail) from problem
        audit.record(session, "create", "user", user.id, principal=system_principal(org.id))
    click.echo(f"{user.email} can sign in as {role}.")


@users.command()
@click.argument("email")
@click.password_option(help="12 characters or more; asked for when left out.")
@click.pass_context
def password(context: click.Context, email: str, password: str) -> None:
    """Set a user's password and end their sessions."""
    from app.cli import database_of

    with database_of(context).write() as session:
        user = session.scalars(sa.select(User).where(User.email == email.strip().lower())).first()
        if user is None:
            raise click.ClickException(f"No user signs in with {email}.")
        try:
            service.check_password(password)
        except Problem as problem:
            raise click.ClickException("; ".join(e.detail for e in problem.errors)) from problem
        user.password_hash = service.hash_password(password)
        session.execute(sa.delete(SignInSession).where(SignInSession.user_id == user.id))
        audit.record(session, "password.set", "user", user.id, principal=system_principal(user.org_id))
    click.echo("The password is set; open sessions are ended.")
