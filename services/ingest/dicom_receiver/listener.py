"""The DICOM side of the receiver: pynetdicom listens and negotiates in threads, one for each association."""

import asyncio
import concurrent.futures
import logging
import socket
import ssl
import time
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, _config, evt
from pynetdicom.dsutils import encode_file_meta
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at import

from services.ingest.dicom_receiver.budget import Budget
from services.ingest.dicom_receiver.metrics import ASSOCIATIONS
from services.ingest.dicom_receiver.settings import DicomReceiverSettings, TlsSettings
from services.ingest.dicom_receiver.storing import Answer, Received, Storing
from services.shared import dicom
from services.shared.errors import InvalidRequest, Unavailable
from services.shared.observability.logs import get_logger

_SYNTAXES: Final = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
"""Not deflated: ingest does not inflate what strangers send."""
_PREAMBLE_BYTES: Final = 128
_IMPLEMENTATION: Final = UID("2.25.95716541389234617830214578902348716523")
_LOOK_SECONDS: Final = 0.05
_STRANGERS: Final = 32
"""Connections at once, beside those that are associations, which do not say yet who they are."""
_GREETING_SECONDS: Final = 10.0
"""How long a connection may take to become an association."""
_BUDGET: Final = "einthoven_budget"
_UNGREETED: Final = "Sta2"
"""The state of a connection that has not asked for an association (PS3.8, 9.2)."""

_log = get_logger(__name__)


class DicomListener:
    """Listens for associations, and hands each object over to the event loop."""

    def __init__(self, settings: DicomReceiverSettings, storing: Storing) -> None:
        self._settings = settings
        self._storing = storing
        self._entity = _entity(settings)
        self._server: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def address(self) -> str:
        """Where senders reach it, once started."""
        port = self._server.server_address[1] if self._server is not None else self._settings.port
        return f"{self._settings.host}:{port}"

    async def start(self) -> None:
        """Listen; raises Unavailable where the port is taken, InvalidRequest where certificates cannot be used."""
        self._loop = asyncio.get_running_loop()
        _config.LOG_HANDLER_LEVEL = "none"  # its handlers would decode every object for the sake of a log
        logging.getLogger("pynetdicom").propagate = False  # what it says may hold what an object says
        where = (self._settings.host, self._settings.port)
        handlers = [
            (evt.EVT_CONN_OPEN, self._opened),
            (evt.EVT_CONN_CLOSE, self._closed),
            (evt.EVT_ACCEPTED, self._accepted),
            (evt.EVT_REJECTED, self._rejected),
            (evt.EVT_ABORTED, self._aborted),
            (evt.EVT_C_ECHO, self._echo),
            (evt.EVT_C_STORE, self._store),
        ]
        try:
            self._server = self._entity.start_server(
                where, block=False, ssl_context=tls_context(self._settings.tls), evt_handlers=handlers
            )
        except OSError:
            raise Unavailable(f"Port {where[1]} on {where[0]} cannot be listened on.") from None

    async def set_ready(self, *, ready: bool) -> None:
        """While ingest is away, objects are answered with a failure that senders try again; nobody else is told."""

    async def leave(self) -> None:
        """Senders know one address only: there is nowhere to send them."""

    async def stop(self) -> None:
        """Take no new associations, let those that are there come to their end in time, abort the rest."""
        if self._server is None:
            return
        server, self._server = self._server, None
        await asyncio.to_thread(server.shutdown)
        deadline = time.monotonic() + self._settings.drain_seconds
        while server.active_associations and time.monotonic() < deadline:  # noqa: ASYNC110 they end in threads
            await asyncio.sleep(_LOOK_SECONDS)
        for association in server.active_associations:
            await asyncio.to_thread(association.abort)

    def _opened(self, event: Any) -> None:
        limits = self._settings.limits
        budget = Budget(event.assoc, max_object_bytes=limits.max_object_bytes, idle_seconds=limits.idle_seconds)
        setattr(event.assoc, _BUDGET, budget)
        if len(self._entity.active_associations) > limits.associations + _STRANGERS:
            _log.warning("dicom_connection_refused", connections=limits.associations + _STRANGERS)
            event.assoc.dul.socket.socket.shutdown(socket.SHUT_RDWR)

    def _closed(self, event: Any) -> None:
        getattr(event.assoc, _BUDGET).close()
        if event.assoc.dul.state_machine.current_state == _UNGREETED:
            # Probes connect and hang up: to wait for their greeting would keep a place from a sender.
            event.assoc.dul.to_user_queue.put(None)

    def _accepted(self, event: Any) -> None:
        ASSOCIATIONS.labels("accepted").inc()
        getattr(event.assoc, _BUDGET).renew()

    def _rejected(self, event: Any) -> None:
        ASSOCIATIONS.labels("rejected").inc()
        _log.warning("dicom_association_rejected", calling=str(event.assoc.requestor.ae_title)[:16])

    def _aborted(self, event: Any) -> None:
        ASSOCIATIONS.labels("aborted").inc()
        _log.warning("dicom_association_aborted", calling=str(event.assoc.requestor.ae_title)[:16])

    def _echo(self, event: Any) -> int:
        getattr(event.assoc, _BUDGET).renew()
        return dicom.SUCCESS

    def _store(self, event: Any) -> Dataset:
        try:
            answer = self._stored(event)
        finally:
            getattr(event.assoc, _BUDGET).renew()
        response = Dataset()
        response.Status = answer.status
        if answer.comment:
            response.ErrorComment = answer.comment
        return response

    def _stored(self, event: Any) -> Answer:
        request = event.request
        received = Received(
            calling=str(event.assoc.requestor.ae_title).strip(),
            sop_uid=str(request.AffectedSOPInstanceUID),
            sop_class_uid=str(request.AffectedSOPClassUID),
            data=_file(event),
        )
        if self._loop is None or self._loop.is_closed():
            return Answer(dicom.OUT_OF_RESOURCES, "The receiver is stopping.")
        future = asyncio.run_coroutine_threadsafe(self._storing.store(received), self._loop)
        try:
            return future.result(self._settings.limits.store_seconds)
        except (TimeoutError, concurrent.futures.CancelledError):
            future.cancel()
            return Answer(dicom.OUT_OF_RESOURCES, "The object was not stored in time.")


def _file(event: Any) -> bytes:
    """Return an object as a file (PS3.10), the same whenever it is sent again, whichever release receives it."""
    meta = event.file_meta
    meta.ImplementationClassUID, meta.ImplementationVersionName = _IMPLEMENTATION, "EINTHOVEN"
    data: bytes = event.encoded_dataset(include_meta=False)
    return b"".join((bytes(_PREAMBLE_BYTES), b"DICM", encode_file_meta(meta), data))


def tls_context(tls: TlsSettings) -> ssl.SSLContext | None:
    """Return how connections are encrypted; None where they are not. Raises InvalidRequest."""
    if tls.certificate_file is None:
        return None
    context = _PatientContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certificate_file, tls.key_file)
        if tls.client_ca_file is not None:
            context.load_verify_locations(tls.client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise InvalidRequest(f"The certificates of the DICOM receiver cannot be used: {error}.") from None
    return context


class _PatientContext(ssl.SSLContext):
    """Shakes hands when a connection is first read, in its own thread: a silent stranger keeps nobody else waiting."""

    def wrap_socket(self, sock: Any, *args: Any, **more: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, *args, **more | {"do_handshake_on_connect": False})


def _entity(settings: DicomReceiverSettings) -> Any:
    entity = AE(ae_title=settings.ae_title)
    entity.require_called_aet = True
    entity.require_calling_aet = list(settings.departments)
    entity.maximum_associations = settings.limits.associations
    entity.maximum_pdu_size = settings.limits.max_pdu_bytes
    entity.dimse_timeout = entity.network_timeout = settings.limits.idle_seconds
    entity.acse_timeout = min(_GREETING_SECONDS, settings.limits.idle_seconds)
    entity.add_supported_context(Verification)
    for uid in sorted(dicom.WAVEFORM_CLASSES | set(settings.sop_classes)):
        entity.add_supported_context(uid, _SYNTAXES)
    return entity
