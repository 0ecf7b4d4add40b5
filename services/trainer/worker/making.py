"""Making a model: data gathered, network trained in a thread, model and report written down."""

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.shared.errors import Cancelled
from services.shared.observability import tracing
from services.shared.observability.logs import get_logger
from services.shared.storage import ObjectStore
from services.trainer import job
from services.trainer.job import Job
from services.trainer.learning.recipe import Precision
from services.trainer.settings import ProcessSettings
from services.trainer.trainings import Training
from services.trainer.worker.bridge import Reporter, StoredCheckpoints

if TYPE_CHECKING:
    from services.trainer.worker.materials import Materials
    from services.trainer.worker.product import Product

NO_GPU: Final = "GPUs were asked for, but the worker finds none that it can use: it trains on the CPU."

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the model of one training; files of an earlier attempt are written over."""

    store: ObjectStore
    reporter: Reporter
    scratch: Path
    """A folder for files that are gone afterwards."""
    precision: Precision

    async def make(self, training: Training, process: ProcessSettings) -> None:
        """Train, export and report; raises Cancelled, and PlatformError with the reason why it cannot be done.

        All of it is one span of the trace that began with the call that asked for the training.
        """
        asked = job.read(Job, await self.store.get(training.key(job.SPEC_FILE)))
        facts: dict[str, str | int] = {"training_id": training.training_id, "attempt": training.attempts}
        with tracing.tracer().start_as_current_span("train", tracing.carried_by(asked.trace), attributes=facts):
            await self._make(training, process)

    async def _make(self, training: Training, process: ProcessSettings) -> None:
        # Torch and its company take seconds to import; the lease is kept meanwhile.
        await asyncio.to_thread(__import__, "services.trainer.worker.product")
        from services.trainer.learning.processes import joined  # noqa: PLC0415 imports torch
        from services.trainer.worker.materials import gather  # noqa: PLC0415 likewise
        from services.trainer.worker.preparing import Preparer  # noqa: PLC0415 imports scipy
        from services.trainer.worker.product import make_product  # noqa: PLC0415 imports torch

        began = time.monotonic()
        preparer = Preparer(self.store, self.scratch, self._tell_preparing)
        materials = await gather(self.store, training, preparer)
        if materials.excluded:
            counts = {"excluded": dict(materials.excluded), "below_min_quality": materials.below}
            self.reporter.note("log", {"text": "Some ECGs are left out.", **counts})
        folder = training.key("").rstrip("/")
        checkpoints = StoredCheckpoints(self.store, folder, asyncio.get_running_loop())
        with joined(
            rank=process.rank,
            count=process.world_size,
            local_rank=process.local_rank,
            local_count=process.local_world_size,
        ) as processes:
            self._tell_device(training, processes.device.type)
            product = await asyncio.to_thread(
                make_product,
                materials,
                self.precision,
                checkpoints=checkpoints,
                reporter=self.reporter,
                processes=processes,
            )
        if product is not None:
            await self._write(training, materials, product, seconds=time.monotonic() - began)

    async def _write(self, training: Training, materials: "Materials", product: "Product", *, seconds: float) -> None:
        from services.trainer.worker.reporting.page import page  # noqa: PLC0415 only the leading process reports
        from services.trainer.worker.reporting.report import report  # noqa: PLC0415 likewise

        document = report(materials, product, seconds=seconds)
        files = {
            job.SPLIT_FILE: _json({name: part.record_ids for name, part in materials.parts.items()}),
            job.REPORT_FILES["json"]: _json(document),
            job.REPORT_FILES["html"]: page(document).encode(),
            job.MODEL_FILE: product.onnx,
            job.MANIFEST_FILE: product.manifest.to_json().encode(),
        }
        for name, data in files.items():
            await self.store.put(training.key(name), data)

    def _tell_device(self, training: Training, device: str) -> None:
        if training.spec.gpus_per_worker and device == "cpu":
            _log.warning("no_gpu_usable", training_id=training.training_id, asked=training.spec.gpus_per_worker)
            self.reporter.note("log", {"text": NO_GPU})

    def _tell_preparing(self, done: int, total: int) -> None:
        if self.reporter.cancelled():
            raise Cancelled("The training was cancelled.")
        self.reporter.note("progress", {"stage": "preparing", "done": done, "total": total})


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2).encode()
