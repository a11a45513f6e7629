"""The console's built files: hashed assets for ever, `index.html` never from a cache, one page for every address."""

import mimetypes
from typing import Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from monitor.api.context import Here

router = APIRouter(include_in_schema=False)
mimetypes.init()  # reads the machine's lists from disk: now, not at the first page in the loop
FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"
FILE_FOLDERS: Final = ("assets/", "favicon/")
NOT_BUILT: Final = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>红线 Redline</title>
<body style="font-family:system-ui,sans-serif;margin:4rem;max-width:40rem">
<h1>控制台尚未构建</h1><p>监控服务在运行，但网页文件不存在。请在安装目录执行 <code>make console</code> 后刷新本页。</p>
<h1 lang="en">The console is not built</h1>
<p lang="en">The monitor runs, but its web files are missing. Run <code>make console</code> where it is installed,
then reload.</p>
</body></html>"""


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
async def console(here: Here, request: Request, path: str) -> Response:
    """A file of the console, or `index.html` for an address that the console itself understands."""
    if path == "api" or path.startswith("api/"):
        raise HTTPException(404)
    files = StaticFiles(directory=here.options.console_dist, check_dir=False)
    if path and not path.startswith("."):
        try:
            response = await files.get_response(path, request.scope)
        except HTTPException as error:
            if is_file(path) or error.status_code != 404:
                raise
        else:
            response.headers["cache-control"] = FOR_EVER if path.startswith("assets/") else ASK_AGAIN
            return response
    return await _index(files, request)


def is_file(path: str) -> bool:
    """Whether an address can only mean a file; `/alarms/LT-101.HH` has a dot and is a page, the one that pushes link to."""
    return path.startswith(FILE_FOLDERS) or ("/" not in path and "." in path)


async def _index(files: StaticFiles, request: Request) -> Response:
    try:
        response = await files.get_response("index.html", request.scope)
    except HTTPException as error:
        if error.status_code != 404:
            raise
        return HTMLResponse(NOT_BUILT, status_code=503, headers={"cache-control": "no-store"})
    response.headers["cache-control"] = ASK_AGAIN
    return response
