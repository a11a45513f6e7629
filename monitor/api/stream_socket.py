"""`/stream`: judges who may open the WebSocket, before it is accepted."""

from fastapi import APIRouter, WebSocket

from monitor.api.caller import caller_of, token_of
from monitor.api.context import Context, Here
from monitor.api.guard import foreign_origin, is_same_origin
from monitor.api.problems import ProblemError, problem_response, speaks_english
from monitor.api.session import session_still_stands
from monitor.api.tokens import fingerprint

router = APIRouter(tags=["stream"])


@router.websocket("/stream")
async def stream(websocket: WebSocket, here: Here) -> None:
    """All alarms and all rows, then what changes (see the Stream* schemas)."""
    try:
        token_sha256 = await _admit(websocket, here)
    except ProblemError as refusal:
        english = speaks_english(websocket.headers.get("accept-language", ""), here.plant.language)
        await websocket.send_denial_response(problem_response(refusal, english=english))
        return

    async def still_allowed() -> bool:
        return await session_still_stands(here, token_sha256)

    await websocket.accept()
    await here.hub.serve(websocket, token_sha256, still_allowed)


async def _admit(websocket: WebSocket, here: Context) -> bytes:
    """The fingerprint of a token that may read the plant.

    :raises ProblemError: 403 another site's page or no permission; 401 not logged in; 503 too many streams.
    """
    if not is_same_origin(websocket.headers, here.options.allowed_origins):
        raise foreign_origin()
    token = token_of(websocket)
    caller = None if token is None else await caller_of(here, fingerprint(token))
    if caller is None:
        raise ProblemError(401, "login", "请先登录。", "Log in first.")
    if "plant.read" not in caller.permissions:
        raise ProblemError(403, "permission", "您的角色不能查看装置数据。", "Your role may not read the plant.")
    if here.hub.is_full or not here.hub.is_running:
        raise ProblemError(
            503,
            "streams",
            "数据流连接已满或服务正在启动。",
            "Too many streams are open, or the service is starting.",
            headers={"retry-after": "5"},
        )
    return caller.token_sha256
