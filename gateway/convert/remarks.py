"""What readers should know."""

from collections.abc import Iterable

from einthoven.common.v1 import common_pb2
from gateway.schemas.remarks import Remark


def remarks(messages: Iterable[common_pb2.Remark]) -> list[Remark]:
    """Return remarks."""
    return [Remark(code=message.code, text=message.text) for message in messages]
