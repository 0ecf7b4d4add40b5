"""Workers as indexed Jobs of a Kubernetes cluster, one Job per launch.

A Job's name follows from its training and launch, so that launching again finds it there; its labels say the same, so
that a service that starts again finds every Job of the one before. All that is asked of the API is to make, list and
delete Jobs and to list pods, in one namespace. Jobs belong to the trainer's service account, so that the cluster
removes those that are left where the platform is taken away.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import jwt

from services.shared.errors import PlatformError, Unavailable
from services.shared.observability.logs import get_logger
from services.trainer.launchers.manifest import JobTemplate
from services.trainer.launchers.standings import Object, workers
from services.trainer.ports import Workers
from services.trainer.settings import KubernetesSettings
from services.trainer.trainings import Training

JOB_OF_POD: Final = "batch.kubernetes.io/job-name"
_CACHED: Final = "0"
"""As the API server has it at hand: lists that cost it nothing, a moment old at most."""
_MOST_CHARACTERS: Final = 300
TOKEN: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")

_log = get_logger(__name__)


class KubernetesLauncher:
    """Makes, finds and deletes the Jobs of trainings; raises InvalidRequest where the template does not do."""

    def __init__(self, settings: KubernetesSettings) -> None:
        self._settings = settings
        self._template = JobTemplate.read(
            settings.job_template_file, gpu_resource=settings.gpu_resource, subdomain=settings.subdomain
        )
        self._connecting = asyncio.Lock()
        self._api: Any = None

    async def close(self) -> None:
        """Close the connections to the cluster."""
        if self._api is not None:
            await self._api.close()

    async def launch(self, training: Training) -> None:
        """Make the Job of a training's present launch, where it is not there yet; raises Unavailable."""
        body = self._template.job(training)
        if self._settings.kubeconfig is None:
            body["metadata"]["ownerReferences"] = [await asyncio.to_thread(_service_account, TOKEN)]
        status, answer = await self._call("BatchV1Api", "create_namespaced_job", body=body)
        if status == HTTPStatus.CONFLICT:
            _log.info("job_there_already", job=body["metadata"]["name"])
            return
        _check(status, answer, "make a job")

    async def workers(self) -> list[Workers]:
        """Return the workers of every Job of this installation; raises Unavailable."""
        asked = {"label_selector": self._template.selector, "resource_version": _CACHED}
        jobs = _items(*await self._call("BatchV1Api", "list_namespaced_job", **asked), "list jobs")
        # One that is being deleted is neither at work nor to be deleted.
        jobs = [each for each in jobs if not each["metadata"].get("deletionTimestamp")]
        pods: defaultdict[str, list[Object]] = defaultdict(list)
        if jobs:
            listed = await self._call("CoreV1Api", "list_namespaced_pod", **asked)
            for pod in _items(*listed, "list pods"):
                pods[pod["metadata"]["labels"].get(JOB_OF_POD, "")].append(pod)
        return [workers(each, pods[each["metadata"]["name"]]) for each in jobs]

    async def remove(self, workers: Workers) -> None:
        """Delete a Job and, by the cluster's own doing, its pods; raises Unavailable."""
        asked = {"name": workers.name, "propagation_policy": "Background"}
        status, answer = await self._call("BatchV1Api", "delete_namespaced_job", **asked)
        if status != HTTPStatus.NOT_FOUND:
            _check(status, answer, "delete a job")

    async def _call(self, api: str, method: str, **arguments: Any) -> tuple[int, Object]:
        """Return the status and the body of the cluster's answer; raises Unavailable where there is none."""
        try:
            call = await self._method(api, method)
            seconds = self._settings.timeout_seconds
            response = await call(
                namespace=self._settings.namespace, _preload_content=False, _request_timeout=seconds, **arguments
            )
            return int(response.status), await response.json(content_type=None)
        except PlatformError:
            raise
        except (OSError, TimeoutError, ValueError, _client_errors()) as error:
            raise Unavailable(f"The cluster's API does not answer ({type(error).__name__}).") from error

    async def _method(self, api: str, method: str) -> Callable[..., Awaitable[Any]]:
        # Importing the client takes more than a second, so nobody waits for it who does not need it.
        client = await asyncio.to_thread(__import__, "kubernetes_asyncio.client", fromlist=["client"])
        async with self._connecting:
            if self._api is None:
                self._api = client.ApiClient(await _configuration(client.Configuration(), self._settings))
        found: Callable[..., Awaitable[Any]] = getattr(getattr(client, api)(self._api), method)
        return found


async def _configuration(empty: Any, settings: KubernetesSettings) -> Any:
    """Return where the API is and who asks: the pod's service account, whose token is read again every minute."""
    from kubernetes_asyncio import config  # noqa: PLC0415 a slow import, for this launcher alone

    try:
        if settings.kubeconfig is None:
            config.load_incluster_config(empty)  # type: ignore[no-untyped-call]
        else:
            await config.load_kube_config(str(settings.kubeconfig), client_configuration=empty, persist_config=False)
    except config.ConfigException as error:
        raise Unavailable(f"The trainer has no credentials for the cluster: {error}") from error
    return empty


def _service_account(token: Path) -> Object:
    """Return the reference to the service account that a pod's token names; the token is our own, so no signature."""
    try:
        claims = jwt.decode(token.read_text(), options={"verify_signature": False})
        account = claims["kubernetes.io"]["serviceaccount"]
        return {"apiVersion": "v1", "kind": "ServiceAccount", "name": account["name"], "uid": account["uid"]}
    except (OSError, jwt.PyJWTError, KeyError) as error:
        raise Unavailable(f"The trainer's service account cannot be told ({type(error).__name__}).") from error


def _client_errors() -> type[Exception]:
    rest: Any = import_module("kubernetes_asyncio.client.rest")  # A slow import, for this launcher alone.
    found: type[Exception] = rest.aiohttp.ClientError  # The client lets its transport's errors through.
    return found


def _items(status: int, answer: Object, what: str) -> list[Object]:
    _check(status, answer, what)
    items: list[Object] = answer["items"]
    return items


def _check(status: int, answer: Object, what: str) -> None:
    """Raise Unavailable where the cluster refuses: a quota may be raised, a right given, a template mended."""
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        said = " ".join(str(answer.get("message") or answer.get("reason") or "no reason").split())[:_MOST_CHARACTERS]
        raise Unavailable(f"The cluster does not let the trainer {what} ({status}): {said}")
