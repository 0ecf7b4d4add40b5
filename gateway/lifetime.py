"""Where the process stands between its start and its end, for whoever serves calls in it."""

import asyncio


class Lifetime:
    """Whether new calls are welcome, and whether long ones should come to an end."""

    def __init__(self) -> None:
        self.ready = False
        self.ending = asyncio.Event()
        """Set when the process begins to stop: streams without an end of their own end now, and clients come again."""
