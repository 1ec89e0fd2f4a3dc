"""Commands for users: the first administrator, passwords, tokens for integrations, and ending access."""

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit
from app.foundation.principal import Role, bind_principal, system_principal
from app.foundation.problems import Problem
from app.foundation.tables import Organisation
from app.identity import rules, service, tokens
from app.identity.scopes import SCOPES_OF_ROLE
from app.identity.tables import User

PASSWORD = click.option(
    "--password", help="12 characters or more; asked for when left out, which keeps it out of the history."
)


@click.group()
def users() -> None:
    """Add users, set passwords, issue tokens, end access."""


@users.command()
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), default="rep", show_default=True)
@click.option("--organisation", help="Its name, when there are several; made when there is none yet.")
@click.option("--time-zone", default="UTC", show_default=True)
@PASSWORD
@click.pass_context
def add(
    context: click.Context,
    email: str,
    name: str,
    role: str,
    organisation: str | None,
    time_zone: str,
    password: str | None,
) -> None:
    """Add a user who signs in with EMAIL. An integration gets no password: issue it a token."""
    from app.cli import database_of

    if role != Role.INTEGRATION and password is None:
        password = _asked()
    with database_of(context).write() as session:
        org = _organisation(session, organisation)
        try:
            user = service.create_user(
                session, org.id, email=email, name=name, role=Role(role), password=password, time_zone=time_zone
            )
        except Problem as problem:
            raise _said(problem) from problem
        audit.record(session, "create", "user", user.id, principal=system_principal(org.id))
    click.echo(f"{user.email} is added as {role}.")


@users.command("password")
@click.argument("email")
@PASSWORD
@click.pass_context
def set_password(context: click.Context, email: str, password: str | None) -> None:
    """Set a user's password; ends their sessions and tokens."""
    from app.cli import database_of

    password = password or _asked()
    with database_of(context).write() as session:
        user = _user(session, email)
        try:
            organisation = session.get_one(Organisation, user.org_id)
            service.check_password(password, (user.email, user.name, organisation.name))
        except Problem as problem:
            raise _said(problem) from problem
        service.set_password(session, user, service.hash_password(password))
        rules.end_access(session, user.id, system_principal(user.org_id))
        audit.record(session, "password.set", "user", user.id, principal=system_principal(user.org_id))
    click.echo("The password is set; sessions and tokens are ended.")


@users.command("list")
@click.pass_context
def list_users(context: click.Context) -> None:
    """List users: e-mail, role, whether active, name."""
    from app.cli import database_of

    with database_of(context).read() as session:
        for user in session.scalars(sa.select(User).order_by(User.org_id, User.email)):
            click.echo(f"{user.email}\t{user.role}\t{'active' if user.active else 'inactive'}\t{user.name}")


@users.command()
@click.argument("email")
@click.pass_context
def deactivate(context: click.Context, email: str) -> None:
    """End a user's access: sessions and tokens at once. What they wrote stays."""
    from app.cli import database_of

    with database_of(context).write() as session:
        user = _user(session, email)
        who = system_principal(user.org_id)
        before = {"id": user.id, "active": user.active, "role": user.role, "email": user.email}
        user.active = False
        session.flush()
        try:
            rules.user_was_written(session, who, before, {**before, "active": False})
        except Problem as problem:
            raise _said(problem) from problem
        audit.record(session, "change", "user", user.id, {"fields": ["active"]}, principal=who)
    click.echo(f"{user.email} has no access any more.")


@users.command()
@click.argument("email")
@click.option("--name", required=True, help="What the token is for.")
@click.option("--scope", "scopes", multiple=True, help="May be given several times; all of the role's when left out.")
@click.option("--days", type=click.IntRange(1, 400), default=90, show_default=True)
@click.pass_context
def token(context: click.Context, email: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Issue an API token for a user, usually an integration; it is printed this once."""
    from app.cli import database_of

    with database_of(context).write() as session:
        user = _user(session, email)
        known = SCOPES_OF_ROLE[Role(user.role)]
        if beyond := sorted(set(scopes) - known):
            raise click.ClickException(f"The role {user.role} does not have: {', '.join(beyond)}.")
        if not user.active:
            raise click.ClickException(f"{user.email} is not active.")
        bind_principal(session, system_principal(user.org_id))
        issued = tokens.issue_for(session, user, name=name, scopes=scopes or sorted(known), days=days)
    click.echo(issued.secret)


def _asked() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _user(session: Session, email: str) -> User:
    user = session.scalars(sa.select(User).where(User.email == service.normal_email(email))).first()
    if user is None:
        raise click.ClickException(f"No user signs in with {email}.")
    return user


def _organisation(session: Session, name: str | None) -> Organisation:
    known = session.scalars(sa.select(Organisation).order_by(Organisation.id)).all()
    named = [org for org in known if name is None or org.name == name]
    if len(named) == 1:
        return named[0]
    if known:
        names = ", ".join(org.name for org in known)
        raise click.ClickException(f"Say which organisation with --organisation: {names}.")
    org = Organisation(name=name or "My company")
    session.add(org)
    session.flush()
    return org


def _said(problem: Problem) -> click.ClickException:
    return click.ClickException("; ".join(fault.detail for fault in problem.errors) or problem.detail)
