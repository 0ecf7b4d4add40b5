"""Pages of lists."""

from einthoven.common.v1 import common_pb2 as pb


def page_request(limit: int, cursor: str) -> pb.PageRequest:
    """Return which part of a list to ask for."""
    return pb.PageRequest(limit=limit, cursor=cursor)


def next_cursor(page: pb.PageResponse) -> str | None:
    """Return where a list goes on; None at its end."""
    return page.next_cursor or None
