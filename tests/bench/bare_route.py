"""A bare FastAPI application that serves the bytes put there: the floor of the views. Prints its address first."""

import socket

import uvicorn
from fastapi import FastAPI, Request, Response


def application() -> FastAPI:
    """Return the application: one route that serves, one that takes."""
    app = FastAPI()
    kept: dict[str, bytes] = {}

    @app.put("/{name}")
    async def put(name: str, request: Request) -> None:
        kept[name] = await request.body()

    @app.get("/{name}")
    async def get(name: str) -> Response:
        return Response(kept[name], media_type="application/json")

    return app


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        config = uvicorn.Config(application(), log_level="warning", access_log=False, loop="uvloop", http="httptools")
        uvicorn.Server(config).run(sockets=[listening])
