"""Every refusal in one form: problem+json (RFC 9457) with all wrong fields, in both languages."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from monitor.alarms.commands import CommandRefusedError, ConflictError, NoSuchAlarmError
from monitor.api.dto import Problem, Text

LOG = logging.getLogger(__name__)
MEDIA_TYPE: Final = "application/problem+json"
MOST_ERRORS: Final = 50
LONGEST_FIELD: Final = 64

TITLES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("请求有误", "Bad request"),
    401: ("需要登录", "Log-in needed"),
    403: ("没有权限", "Not permitted"),
    404: ("没有找到", "Not found"),
    405: ("不支持的方法", "Method not allowed"),
    409: ("操作被拒绝", "Refused"),
    413: ("请求过大", "Request too large"),
    415: ("不支持的内容类型", "Unsupported media type"),
    422: ("字段有误", "Wrong fields"),
    429: ("尝试过于频繁", "Too many attempts"),
    500: ("内部错误", "Internal error"),
    503: ("暂时不可用", "Not available now"),
}
DETAILS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("请求无法解析，请检查内容格式。", "The request cannot be parsed; check its form."),
    404: ("没有这个地址或编号。", "There is no such address or id."),
    405: ("此地址不支持该方法。", "This address does not take that method."),
    413: ("请求正文超过 64 KiB。", "The request body is larger than 64 KiB."),
    500: (
        "服务内部出错，已写入运行日志；报警判断不受影响。",
        "An internal error, written to the log; alarm decisions go on.",
    ),
}
FIELD_TEXTS: Final[Mapping[str, str]] = {
    "missing": "缺少此字段",
    "extra_forbidden": "没有此字段",
    "json_invalid": "不是有效的 JSON",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "int_parsing_size": "整数过大",
    "finite_number": "应为有限的数",
    "greater_than_equal": "数值过小",
    "less_than_equal": "数值过大",
    "string_type": "应为文本",
    "string_unicode": "不是有效的 UTF-8 文本",
    "string_too_short": "文本过短",
    "string_too_long": "文本过长",
    "string_pattern_mismatch": "格式不符",
    "literal_error": "不在允许的取值之内",
    "model_attributes_type": "应为 JSON 对象",
    "dict_type": "应为 JSON 对象",
    "datetime_parsing": "应为 RFC 3339 时间",
    "datetime_from_date_parsing": "应为 RFC 3339 时间",
    "timezone_aware": "时间缺少时区",
}


class ProblemError(Exception):
    """A refusal on its way to becoming problem+json; `slug` names its kind for programs."""

    def __init__(
        self,
        status: int,
        slug: str,
        zh: str,
        en: str,
        *,
        errors: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.slug = slug
        self.zh = zh
        self.en = en
        self.errors = list(errors)
        self.headers = dict(headers or {})
        super().__init__(en)


def not_found(zh: str, en: str) -> ProblemError:
    """404 for an id that nothing has."""
    return ProblemError(404, "not-found", zh, en)


def speaks_english(accept_language: str, default: str) -> bool:
    """Tell whether the texts that exist once should be English: what the client asks for first, else the plant's language."""
    first = accept_language.split(",")[0].strip().lower()
    if first.startswith(("en", "zh")):
        return first.startswith("en")
    return default == "en"


def problem_response(error: ProblemError, *, english: bool) -> Response:
    """Write a refusal."""
    titles = TITLES.get(error.status, ("出错", "Error"))
    problem = Problem(
        type=f"urn:redline:problem:{error.slug}",
        title=titles[1] if english else titles[0],
        status=error.status,
        detail=error.en if english else error.zh,
        detail_text=Text(zh=error.zh, en=error.en),
        errors=error.errors,
    )
    body = orjson.dumps(problem.model_dump(mode="json"))
    headers = {"cache-control": "no-store", **error.headers}
    return Response(body, error.status, media_type=MEDIA_TYPE, headers=headers)


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say every wrong field with what would be right; never what was sent (it may be a password)."""
    lines = []
    for error in errors[:MOST_ERRORS]:
        path = error["loc"][:1] if error["type"] == "json_invalid" else error["loc"][1:] or error["loc"]
        where = ".".join(_readable(part) for part in path)
        chinese = FIELD_TEXTS.get(str(error["type"]), "")
        english = str(error["msg"])
        lines.append(f"{where}: {chinese} ({english})" if chinese else f"{where}: {english}")
    if len(errors) > MOST_ERRORS:
        lines.append(f"... {len(errors) - MOST_ERRORS}")
    return lines


def _readable(part: object) -> str:
    text = str(part)[:LONGEST_FIELD]
    return "".join(character if character.isprintable() else "?" for character in text)


def from_http(error: HTTPException) -> ProblemError:
    """Translate what the framework refuses (404, 405, 413, unreadable bodies)."""
    zh, en = DETAILS.get(error.status_code, ("请求被拒绝。", str(error.detail)))
    slug = {404: "not-found", 405: "method", 413: "too-large"}.get(error.status_code, "request")
    return ProblemError(error.status_code, slug, zh, en, headers=error.headers)


def from_validation(error: RequestValidationError) -> ProblemError:
    """Translate wrong fields, all of them."""
    return ProblemError(
        422,
        "validation",
        "部分字段有误，详见 errors。",
        "Some fields are wrong; see errors.",
        errors=field_errors(error.errors()),
    )


def from_command(error: CommandRefusedError) -> ProblemError:
    """Translate the board's refusal; a conflict says who won."""
    if isinstance(error, NoSuchAlarmError):
        return ProblemError(404, "not-found", error.message_zh, error.message_en)
    slug = "conflict" if isinstance(error, ConflictError) else "refused"
    return ProblemError(409, slug, error.message_zh, error.message_en)


def install(app: FastAPI, language: str, methods_of: Callable[[str], frozenset[str]]) -> None:
    """Turn every error of the app into problem+json; `methods_of` names what an API path takes, nothing if there is none."""

    def answer(request: Request, error: ProblemError) -> Response:
        return problem_response(error, english=speaks_english(request.headers.get("accept-language", ""), language))

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        return answer(request, error)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            # the framework names the methods of one route only, and takes the console's for a path of the API
            methods = methods_of(request.url.path)
            error = HTTPException(405, headers={"allow": ", ".join(sorted(methods))}) if methods else HTTPException(404)
        return answer(request, from_http(error))

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, from_validation(error))

    async def on_command(request: Request, error: Exception) -> Response:
        assert isinstance(error, CommandRefusedError)
        return answer(request, from_command(error))

    async def on_anything(request: Request, error: Exception) -> Response:
        LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return answer(request, ProblemError(500, "internal", *DETAILS[500]))

    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(CommandRefusedError, on_command)
    app.add_exception_handler(Exception, on_anything)
