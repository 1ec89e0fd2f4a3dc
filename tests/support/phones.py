"""Callers of the API: a signed-in browser, an integration with a token, a stranger."""

from dataclasses import dataclass
from typing import Any

from app.foundation.principal import Principal


@dataclass(frozen=True)
class Directory:
    """Ids of the organisations and users that a test has: `orgs["north"]`, `users["rep@north"]`."""

    orgs: dict[str, str]
    users: dict[str, str]
    systems: dict[str, Principal]


class Api:
    """A client of the API with its credentials; paths are below `/api/v1`."""

    def __init__(self, app: Any, headers: dict[str, str] | None = None) -> None:
        self.client = app.test_client()
        self.headers = headers or {}
        self.user: dict[str, Any] = {}

    @classmethod
    def signed_in(cls, app: Any, email: str, password: str) -> "Api":
        """A browser that signed in."""
        api = cls(app)
        answer = api.post("/session", {"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        api.user = answer.json["user"]
        api.headers["X-CSRF-Token"] = answer.json["csrf_token"]
        return api

    def token(self, *scopes: str) -> "Api":
        """An integration with a token of this user's."""
        answer = self.post("/tokens", {"name": "test", "scopes": list(scopes)})
        assert answer.status_code == 201, answer.text
        return Api(self.client.application, {"Authorization": f"Bearer {answer.json['secret']}"})

    def get(self, path: str, **options: Any) -> Any:
        """GET."""
        return self._send("GET", path, options)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """POST a JSON body."""
        return self._send("POST", path, {"json": body, **options} if body is not None else options)

    def patch(self, path: str, body: Any, version: int, **options: Any) -> Any:
        """PATCH the row of this version."""
        headers = {"If-Match": f'"{version}"', **options.pop("headers", {})}
        return self._send("PATCH", path, {"json": body, "headers": headers, **options})

    def delete(self, path: str, **options: Any) -> Any:
        """DELETE."""
        return self._send("DELETE", path, options)

    def _send(self, method: str, path: str, options: dict[str, Any]) -> Any:
        headers = {**self.headers, **options.pop("headers", {})}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)
