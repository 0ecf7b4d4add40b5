"""Models kept ready: loaded once, verified, and put away when there are too many or they are too large together."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from concurrent.futures import Executor
from dataclasses import dataclass

from services.inference import metrics
from services.inference.batching import Batcher
from services.inference.predictions import StoredModel
from services.inference.runtime.base import ModelRuntime, RuntimeLoader
from services.inference.runtime.tuning import best_batch
from services.inference.settings import BatchSettings, CacheSettings
from services.shared.errors import Internal, InvalidModel, TooLarge
from services.shared.model_contract import Manifest
from services.shared.observability.logs import get_logger
from services.shared.storage import ObjectStore

INPUT_RANK = 3
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReadyModel:
    """A model that can be run at once."""

    runtime: ModelRuntime
    batcher: Batcher
    size_bytes: int


class ModelCache:
    """Least recently used models go first; one that is in use lives until its last run has ended.

    Models are told apart by the sha256 of their file: versions and departments with the same file share it.
    """

    def __init__(
        self, store: ObjectStore, load: RuntimeLoader, executor: Executor, *, cache: CacheSettings, batch: BatchSettings
    ) -> None:
        self._store = store
        self._load = load
        self._executor = executor
        self._settings = cache
        self._batch = batch
        self._ready: OrderedDict[str, ReadyModel] = OrderedDict()
        self._loading: dict[str, asyncio.Task[ReadyModel]] = {}

    async def get(self, model: StoredModel) -> ReadyModel:
        """Return a model ready to run, loading it where needed; raises InvalidModel, TooLarge or NotFound."""
        if (ready := self._ready.get(model.sha256)) is not None:
            self._ready.move_to_end(model.sha256)
        else:
            ready = await self._loaded(model)
        _check_agreement(model.manifest, ready.runtime)
        return ready

    async def _loaded(self, model: StoredModel) -> ReadyModel:
        task = self._loading.get(model.sha256)
        if task is None:
            task = self._loading[model.sha256] = asyncio.create_task(self._make_ready(model))
            task.add_done_callback(lambda _: self._loading.pop(model.sha256, None))
        # Whoever goes away must not take the model from the others who wait for it.
        return await asyncio.shield(task)

    async def _make_ready(self, model: StoredModel) -> ReadyModel:
        if model.size_bytes > self._settings.max_model_bytes:
            raise TooLarge(
                f"The model has {model.size_bytes} bytes; {self._settings.max_model_bytes} are the most here."
            )
        started = time.perf_counter()
        document = await self._store.get(model.object_key)
        loop = asyncio.get_running_loop()
        runtime = await loop.run_in_executor(None, self._open, document, model.sha256)
        size = await loop.run_in_executor(self._executor, self._batch_size, runtime, model.manifest)
        label, wait = f"{model.name}:{model.version}", self._batch.max_wait_ms
        batcher = Batcher(runtime, self._executor, label=label, size=size, max_wait_ms=wait)
        seconds = time.perf_counter() - started
        metrics.LOAD_SECONDS.observe(seconds)
        _log.info("model_ready", model=label, providers=runtime.providers, batch=size, seconds=round(seconds, 3))
        ready = self._ready[model.sha256] = ReadyModel(runtime, batcher, len(document))
        self._make_room()
        return ready

    def _open(self, document: bytes, sha256: str) -> ModelRuntime:
        found = hashlib.sha256(document).hexdigest()
        if found != sha256:
            raise Internal(f"A model file has sha256 {found}, but the store promised {sha256}.")
        return self._load(document)

    def _batch_size(self, runtime: ModelRuntime, manifest: Manifest) -> int:
        _check_agreement(manifest, runtime)
        if runtime.inputs[0].shape[0] == 1:
            return 1
        shape = (len(manifest.input.leads), manifest.input.samples)
        return self._batch.preferred_batch or best_batch(runtime, shape, most=self._batch.max_batch)

    def _make_room(self) -> None:
        while len(self._ready) > 1 and (
            len(self._ready) > self._settings.max_models or self._bytes() > self._settings.max_bytes
        ):
            _, gone = self._ready.popitem(last=False)
            metrics.forget(gone.batcher.label)
            metrics.EVICTIONS.inc()
        metrics.LOADED.set(len(self._ready))
        metrics.LOADED_BYTES.set(self._bytes())

    def _bytes(self) -> int:
        return sum(ready.size_bytes for ready in self._ready.values())


def _check_agreement(manifest: Manifest, runtime: ModelRuntime) -> None:
    """Raise InvalidModel where a manifest and the session made of its file contradict each other."""
    ecg = manifest.input
    inputs, outputs = runtime.inputs, runtime.outputs
    fed = (len(ecg.leads), ecg.samples)
    fits = len(inputs) == 1 and inputs[0].name == ecg.tensor and len(inputs[0].shape) == INPUT_RANK
    if not fits or any(there not in (-1, wanted) for there, wanted in zip(inputs[0].shape[1:], fed, strict=True)):
        takes = "; ".join(f"{each.name} {list(each.shape)}" for each in inputs)
        raise InvalidModel(
            f"The manifest feeds {ecg.tensor!r} with [N, {fed[0]}, {fed[1]}], but the model takes {takes}."
        )
    if manifest.output.tensor not in {each.name for each in outputs}:
        gives = ", ".join(each.name for each in outputs)
        raise InvalidModel(f"The manifest reads the output {manifest.output.tensor!r}, but the model gives {gives}.")
