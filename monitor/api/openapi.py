"""The OpenAPI document: `/openapi.json`, and `python -m monitor.api.openapi` for the console's types."""

from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import JSONResponse

from monitor.api import dto
from monitor.api.caller import COOKIE
from monitor.api.problems import MEDIA_TYPE

router: APIRouter = APIRouter(include_in_schema=False)
PREFIX: Final = "/api/v1"
REFERENCE: Final = "#/components/schemas/{model}"
STREAM_MODELS: Final[tuple[type[BaseModel], ...]] = (
    dto.StreamTags,
    dto.StreamAlarm,
    dto.StreamAlarms,
    dto.StreamHorn,
    dto.StreamFlood,
    dto.Problem,
)
OPEN_OPERATIONS: Final = {("/health", "get"), ("/session", "post")}
ALWAYS: Final = {"400": "Bad request", "413": "Body larger than 64 KiB", "422": "Wrong fields"}
LOGGED_IN: Final = {"401": "Log-in needed", "403": "Not permitted"}
COMMAND: Final = {"403": "Another site's page", "409": "Refused; the detail says who was first", "503": "Not confirmed"}


@router.get("/openapi.json")
def openapi_json(request: Request) -> JSONResponse:
    """The document."""
    return JSONResponse(document(request.app))


def document(app: FastAPI) -> dict[str, Any]:
    """Build the document once: routes, problem answers, log-in, and the messages of the stream."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes
        )
        _add_stream(schema)
        _add_security(schema)
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                _add_problems(path.removeprefix(PREFIX), method, operation)
        for unused in ("HTTPValidationError", "ValidationError"):
            schema["components"]["schemas"].pop(unused, None)
        app.openapi_schema = schema
    return app.openapi_schema


def _add_stream(schema: dict[str, Any]) -> None:
    _, definitions = models_json_schema([(model, "serialization") for model in STREAM_MODELS], ref_template=REFERENCE)
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for name, definition in definitions["$defs"].items():
        schemas.setdefault(name, definition)


def _add_security(schema: dict[str, Any]) -> None:
    schema["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "people"},
        "token": {"type": "http", "scheme": "bearer", "description": "programs"},
    }


def _add_problems(path: str, method: str, operation: dict[str, Any]) -> None:
    """State the refusals an operation can answer with, all in one form."""
    refusals = dict(ALWAYS)
    if (path, method) not in OPEN_OPERATIONS:
        refusals |= LOGGED_IN
        operation["security"] = [{"session": []}, {"token": []}]
    if "{" in path:
        refusals["404"] = "No such id"
    if method == "post" and path.startswith(("/alarms/", "/positions/", "/permits")):
        refusals |= COMMAND
    if (path, method) == ("/session", "post"):
        refusals |= {"401": "Wrong user name or password", "403": "Another site's page", "429": "Too many attempts"}
    for status, description in refusals.items():
        operation["responses"][status] = {
            "description": description,
            "content": {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model="Problem")}}},
        }


if __name__ == "__main__":
    import sys

    import orjson

    from monitor.api.app import add_routes, new_app

    app = new_app("0")
    add_routes(app)
    sys.stdout.write(orjson.dumps(document(app), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n")
