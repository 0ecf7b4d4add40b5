"""How many bytes one connection may send before it is answered: what bounds the memory of the receiver."""

from typing import Any, Final

from services.shared.observability.logs import get_logger

REQUEST_BYTES: Final = 1 << 20
"""What a stranger may send before its association is accepted."""
_COMMAND_BYTES: Final = 1 << 16
"""What comes with an object beside it."""

_log = get_logger(__name__)


class Budget:
    """Counts what arrives on a connection, and ends it where a unit would go over what is left."""

    def __init__(self, association: Any, *, max_object_bytes: int, idle_seconds: float) -> None:
        self._max_bytes = max_object_bytes + _COMMAND_BYTES
        self._left = REQUEST_BYTES
        connection = association.dul.socket
        # A sender that stops in the middle of a unit would otherwise be waited for without end.
        connection.socket.settimeout(idle_seconds)
        self._socket = connection.socket
        self._receive = connection.recv
        connection.recv = self._bounded

    def renew(self) -> None:
        """Allow for one more object, for the one before was answered."""
        self._left = self._max_bytes

    def close(self) -> None:
        """Close the connection: where its peer has hung up, pynetdicom leaves that to the garbage collector."""
        self._socket.close()

    def _bounded(self, size: int) -> bytearray:
        if size > self._left:
            _log.warning("dicom_object_too_large", limit_bytes=self._max_bytes)
            raise OSError("The sender sends more than one object may have.")
        self._left -= size
        received: bytearray = self._receive(size)
        return received
