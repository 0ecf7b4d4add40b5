"""The web page: static files of gateway/ui/dist, or a plain sentence where it was not built."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

_NOT_BUILT: Final = "The web page is not built: run `make ui`. The API is described at /docs.\n"


def install(app: FastAPI, folder: Path) -> frozenset[str]:
    """Serve the page at / and return the public paths of its files beside the assets."""
    index = folder / "index.html"

    async def page() -> Response:
        if not index.is_file():
            return PlainTextResponse(_NOT_BUILT)
        return FileResponse(index, media_type="text/html", headers={"Cache-Control": "no-cache"})

    app.add_api_route("/", page, include_in_schema=False, response_model=None)
    if (folder / "assets").is_dir():
        app.mount("/assets", _Assets(directory=folder / "assets"))
    beside = [file for file in folder.glob("*") if file.is_file() and file != index]
    for file in beside:
        app.add_api_route(f"/{file.name}", _serving(file), include_in_schema=False, response_model=None)
    return frozenset(f"/{file.name}" for file in beside)


def _serving(file: Path) -> Callable[[], Awaitable[Response]]:
    async def one_file() -> Response:
        return FileResponse(file, headers={"Cache-Control": "no-cache"})

    return one_file


class _Assets(StaticFiles):
    """Files whose names carry their digest: they never change."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a file that browsers may keep for ever."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
