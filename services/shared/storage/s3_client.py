"""The S3 client as the platform uses it, and what the errors of S3 mean here."""

import contextlib
import io
from collections.abc import Iterator
from typing import Any, Final

import certifi
import urllib3
from minio import Minio
from minio.error import MinioException, S3Error, ServerError

from services.shared.errors import AlreadyExists, InvalidRequest, NotFound, StorageFull, Unavailable
from services.shared.observability.metrics import STORAGE_ERRORS
from services.shared.settings import StorageSettings

_FULL: Final = {"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorage"}
_ABSENT: Final = {"NoSuchKey", "NoSuchObject"}
_INSUFFICIENT_STORAGE: Final = 507
_CONNECTIONS: Final = 32


class Client(Minio):
    """The client, with the one call it does not offer: a put under a condition."""

    def put_bytes(self, bucket: str, key: str, data: bytes, *, if_absent: bool) -> None:
        """Put one object in a single request."""
        if if_absent:
            headers: dict[str, str | list[str] | tuple[str]] = {"Content-Type": "application/octet-stream"}
            headers["If-None-Match"] = "*"
            self._put_object(bucket, key, data, headers)
        else:
            self.put_object(bucket, key, io.BytesIO(data), len(data), part_size=max(len(data), 5 << 20))


def connect(settings: StorageSettings) -> tuple[Client, urllib3.PoolManager]:
    """Return a client and the connections it holds; nothing is sent yet."""
    for reason in (StorageFull.code, Unavailable.code):  # A series that begins with its first error shows no increase.
        STORAGE_ERRORS.labels(reason.value)
    http = _pool(settings)
    try:
        client = Client(
            settings.endpoint or "",
            access_key=settings.access_key,
            secret_key=settings.secret_key.get_secret_value() if settings.secret_key else None,
            secure=settings.secure,
            region=settings.region,
            http_client=http,
        )
    except ValueError as error:
        raise InvalidRequest(f"The settings of the S3 store are refused: {error}.") from None
    return client, http


def _pool(settings: StorageSettings) -> urllib3.PoolManager:
    retries = urllib3.Retry(
        total=3, connect=2, backoff_factor=0.1, status_forcelist=[500, 502, 503, 504], raise_on_status=False
    )
    given: dict[str, Any] = {
        "maxsize": _CONNECTIONS,
        "timeout": urllib3.Timeout(connect=5, read=60),
        "retries": retries,
        "cert_reqs": "CERT_REQUIRED",
        "ca_certs": str(settings.ca_file or certifi.where()),
    }
    if settings.proxy_url is None:
        return urllib3.PoolManager(**given)
    try:
        return urllib3.ProxyManager(settings.proxy_url, **given)
    except urllib3.exceptions.HTTPError as error:
        raise InvalidRequest(f"The proxy of the S3 store is refused: {error}.") from None


@contextlib.contextmanager
def translated(key: str) -> Iterator[None]:
    """Turn what the client raises into what the port says, and count what is the store's fault."""
    try:
        with _meant(key):
            yield
    except (StorageFull, Unavailable) as error:
        STORAGE_ERRORS.labels(error.code.value).inc()
        raise


@contextlib.contextmanager
def _meant(key: str) -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        raise _meaning(error, key) from error
    except ServerError as error:
        if error.status_code == _INSUFFICIENT_STORAGE:
            raise StorageFull("The object store is full; free some space and try again.") from error
        raise Unavailable("The object store answers with an error of its own; try again later.") from error
    except (MinioException, urllib3.exceptions.HTTPError) as error:
        raise Unavailable("The object store does not answer as it should; try again later.") from error


def _meaning(error: S3Error, key: str) -> Exception:
    if error.code in _ABSENT:
        return NotFound(f"There is no object {key}.")
    if error.code == "PreconditionFailed":
        return AlreadyExists(f"The object {key} exists and is not overwritten.")
    if error.code == "InvalidRange":
        return InvalidRequest(f"{key} is shorter than the range that was asked for.")
    if error.code in _FULL:
        return StorageFull("The object store is full; free some space and try again.")
    return Unavailable(f"The object store refuses the call with {error.code}; ask who runs it, or try again later.")
