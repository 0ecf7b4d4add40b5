"""The learning step, in a thread of its own: a network from its base, trained, exported and proven."""

from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Final

import numpy as np
import torch

from services.shared.errors import Cancelled
from services.shared.model_contract import Lineage, Manifest, Metric, OutputClass, OutputContract
from services.shared.model_metadata import to_metadata
from services.trainer import architectures
from services.trainer.interchange.onnx_export import INPUT, OUTPUT, architecture_to_onnx, export
from services.trainer.interchange.onnx_import import Wish, import_onnx
from services.trainer.job import Job
from services.trainer.learning.loop import Outcome, train
from services.trainer.learning.processes import Processes
from services.trainer.learning.recipe import Precision, Recipe
from services.trainer.learning.trainable import Trainable
from services.trainer.learning.watching import Checkpoints
from services.trainer.worker.bridge import Reporter
from services.trainer.worker.materials import TRAINING, Materials

DISTRIBUTION: Final = "einthoven"
PROVEN_ON: Final = 3


@dataclass(frozen=True, slots=True)
class Product:
    """What came of the learning."""

    onnx: bytes
    manifest: Manifest
    recipe: Recipe
    outcome: Outcome
    remarks: tuple[str, ...]


def make_product(
    materials: Materials,
    precision: Precision,
    *,
    checkpoints: Checkpoints,
    reporter: Reporter,
    processes: Processes,
) -> Product | None:
    """Train and export; only the leading process has a product. Raises Cancelled and what learning raises."""
    recipe = _recipe(materials.job, precision)
    torch.manual_seed(recipe.seed)
    trainable = _trainable(materials)
    outcome = train(trainable, materials.data, recipe, checkpoints=checkpoints, watch=reporter, processes=processes)
    if not processes.leads:
        return None
    if reporter.cancelled():
        raise Cancelled("The training was cancelled.")
    reporter.note("progress", {"stage": "exporting", "done": 0, "total": 1})
    manifest = _manifest(materials, recipe, outcome, trainable.remarks)
    signals = materials.data.validation.signals[:PROVEN_ON].numpy()
    onnx = export(trainable, to_metadata(manifest), np.resize(signals, (PROVEN_ON, *signals.shape[1:])))
    return Product(onnx, manifest, recipe, outcome, trainable.remarks)


def _recipe(job: Job, precision: Precision) -> Recipe:
    spec = job.spec
    return Recipe(
        mode=spec.mode or "scratch",
        max_epochs=spec.max_epochs,
        patience=spec.patience,
        batch_size=spec.batch_size,
        workers=spec.workers,
        optimizer=spec.optimizer,
        learning_rate=spec.learning_rate,
        seed=spec.seed,
        precision=precision,
    )


def _trainable(materials: Materials) -> Trainable:
    job, contract = materials.job, materials.job.contract
    if materials.base_onnx is not None and job.base is not None:
        wish = Wish(
            job.classes,
            multilabel=job.task == "multilabel",
            samples=contract.samples,
            seed=job.spec.seed,
            scratch=job.spec.mode == "scratch",
        )
        return import_onnx(materials.base_onnx, wish, job.base.classes)
    leads, samples = len(contract.leads), contract.samples
    network = architectures.build(job.spec.architecture, leads=leads, samples=samples, outputs=len(job.classes))
    return Trainable(network, ("head",), to_onnx=lambda: architecture_to_onnx(network, leads, samples))


def _manifest(materials: Materials, recipe: Recipe, outcome: Outcome, remarks: tuple[str, ...]) -> Manifest:
    job = materials.job
    figures = outcome.figures
    metrics = {"f1_weighted": figures.f1_weighted, "f1_macro": figures.f1_macro, "auroc_macro": figures.auroc_macro}
    hyperparameters = asdict(recipe) | {"learning_rate": outcome.progress.learning_rate}
    return Manifest(
        name=job.spec.model_name,
        input=job.contract.model_copy(update={"tensor": INPUT}),
        output=OutputContract(
            tensor=OUTPUT,
            task=job.task,
            classes=tuple(OutputClass(name=name, codes=materials.codes.get(name, {})) for name in job.classes),
        ),
        lineage=Lineage(
            base_model=job.base_name,
            base_model_sha256=job.base.sha256 if job.base else None,
            dataset_sha256=materials.dataset_sha256,
            dataset_records=len(materials.parts[TRAINING].record_ids),
            code_version=metadata.version(DISTRIBUTION),
            seed=recipe.seed,
            hyperparameters=hyperparameters
            | {"epochs": len(outcome.progress.history), "min_quality": job.spec.min_quality or "any"},
        ),
        metrics={name: Metric(value=value) for name, value in metrics.items() if value is not None},
        remarks=remarks,
    )
