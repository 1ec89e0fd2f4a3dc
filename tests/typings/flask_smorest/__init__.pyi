"""What we use of flask-smorest, typed: its decorators keep the signature of the view."""

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from apispec import APISpec
from flask import Blueprint as FlaskBlueprint
from flask import Flask
from marshmallow import Schema
from werkzeug.exceptions import HTTPException

_P = ParamSpec("_P")
_R = TypeVar("_R")
_View = TypeVar("_View", bound=Callable[..., Any])
_SchemaLike = type[Schema] | Schema | str | dict[str, Any]

class Blueprint(FlaskBlueprint):
    ARGUMENTS_PARSER: Any
    description: str
    def __init__(self, *args: Any, description: str = ..., **kwargs: Any) -> None: ...
    def route(
        self, rule: str, *, parameters: list[Any] | None = ..., tags: list[str] | None = ..., **options: Any
    ) -> Callable[[_View], _View]: ...
    def arguments(
        self,
        schema: _SchemaLike,
        *,
        location: str = ...,
        required: bool = ...,
        description: str | None = ...,
        example: Any = ...,
        examples: Any = ...,
        content_type: str | None = ...,
        **kwargs: Any,
    ) -> Callable[[_View], _View]: ...
    def response(
        self,
        status_code: int | str,
        schema: _SchemaLike | None = ...,
        *,
        content_type: str | None = ...,
        description: str | None = ...,
        example: Any = ...,
        examples: Any = ...,
        headers: Mapping[str, Any] | None = ...,
    ) -> Callable[[_View], _View]: ...
    def alt_response(
        self,
        status_code: int | str,
        response: str | None = ...,
        *,
        schema: _SchemaLike | None = ...,
        content_type: str | None = ...,
        description: str | None = ...,
        example: Any = ...,
        examples: Any = ...,
        headers: Mapping[str, Any] | None = ...,
        success: bool = ...,
    ) -> Callable[[_View], _View]: ...
    @staticmethod
    def doc(**kwargs: Any) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]: ...

class Api:
    ERROR_SCHEMA: Any
    spec: APISpec
    def __init__(
        self, app: Flask | None = ..., *, spec_kwargs: dict[str, Any] | None = ..., config_prefix: str = ...
    ) -> None: ...
    def register_field(self, field: type[Any], *args: Any) -> None: ...
    def register_blueprint(self, blueprint: FlaskBlueprint, *, parameters: Any = ..., **options: Any) -> None: ...
    def handle_http_exception(self, error: HTTPException) -> Any: ...
    def _openapi_json(self) -> Any: ...
