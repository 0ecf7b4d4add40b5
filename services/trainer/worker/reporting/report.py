"""The report as a JSON document. It travels with the model, so it counts ECGs and names none."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from services.trainer.worker.bridge import plain
from services.trainer.worker.materials import Materials
from services.trainer.worker.product import Product

FORMAT: Final = 1


def report(materials: Materials, product: Product, *, seconds: float) -> dict[str, Any]:
    """Return everything worth knowing of how a model was made and what it is worth on the validation part."""
    job, figures, progress = materials.job, product.outcome.figures, product.outcome.progress
    recipe = asdict(product.recipe) | {"learning_rate": progress.learning_rate}
    return {
        "format": FORMAT,
        "training_id": job.training_id,
        "model_name": job.spec.model_name,
        "base_model": job.base_name,
        "task": job.task,
        "classes": list(job.classes),
        "samples": {name: len(part.record_ids) for name, part in materials.parts.items()},
        "excluded": dict(materials.excluded),
        "quality": {"min_quality": job.spec.min_quality or "any", "left_out": materials.below},
        "label_distribution": _distribution(materials),
        "input": job.contract.model_dump(mode="json"),
        "recipe": recipe,
        "epochs": [plain(asdict(row)) for row in progress.history],
        "best_epoch": progress.best.epoch,
        "validation": {
            "loss": progress.best.validation_loss,
            "f1_weighted": figures.f1_weighted,
            "f1_macro": figures.f1_macro,
            "auroc_macro": figures.auroc_macro,
            "classes": [asdict(each) for each in figures.classes],
        },
        "dataset_sha256": materials.dataset_sha256,
        "remarks": list(product.remarks),
        "seconds": round(seconds, 1),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _distribution(materials: Materials) -> dict[str, dict[str, int]]:
    counts = {name: part.targets.sum(axis=0) for name, part in materials.parts.items()}
    return {
        label: {name: int(count[column]) for name, count in counts.items()}
        for column, label in enumerate(materials.job.classes)
    }
