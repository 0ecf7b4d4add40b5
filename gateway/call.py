"""What every route is given: who calls, whom to ask, and how much is allowed."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from gateway.clients import Peers
from gateway.settings import GatewaySettings, LimitSettings
from gateway.viewing import ReadyViews
from services.shared.errors import Unauthenticated
from services.shared.identity import Caller


@dataclass(frozen=True, slots=True)
class Call:
    """One call that may go on."""

    caller: Caller
    peers: Peers
    settings: GatewaySettings
    views: ReadyViews

    @property
    def limits(self) -> LimitSettings:
        """How much the caller may send."""
        return self.settings.limits


async def _call(request: Request) -> Call:
    caller = getattr(request.state, "caller", None)
    if caller is None:
        raise Unauthenticated("The call carries no identity.")
    return Call(caller, request.app.state.peers, request.app.state.settings, request.app.state.views)


CallOf = Annotated[Call, Depends(_call)]
"""The call, as a route's argument; its department is never taken from anything else."""
