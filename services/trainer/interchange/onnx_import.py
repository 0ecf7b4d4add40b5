"""Any ONNX classifier of 12 leads to a network that can be trained."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from services.shared.errors import InvalidModel
from services.trainer.interchange import heads
from services.trainer.interchange.conversion import Binding, reinitialize, to_network, write_back
from services.trainer.interchange.normalizing import drop_unused, normalize
from services.trainer.interchange.proof import noise, prove_same
from services.trainer.interchange.reading import LEADS, input_samples, output_size, read_model
from services.trainer.learning.trainable import Trainable


@dataclass(frozen=True, slots=True)
class Wish:
    """What the imported model is to become."""

    classes: tuple[str, ...]
    multilabel: bool
    samples: int
    seed: int = 0
    scratch: bool = False
    """Forget the weights and keep the structure."""


def import_onnx(data: bytes, wish: Wish, base_classes: Sequence[str] = ()) -> Trainable:
    """Return a model of the store as a network for the wished classes; raises InvalidModel saying why it cannot be.

    The head stays where the model already answers to exactly these classes, and is replaced otherwise.
    """
    model = normalize(read_model(data))
    samples = input_samples(model.graph)
    if samples not in {None, wish.samples}:
        raise InvalidModel(f"The model takes {samples} samples, but {wish.samples} were asked for.")
    heads.strip_activation(model)
    remarks: tuple[str, ...] = ()
    if _must_replace(heads.find_head(model.graph), output_size(model.graph), wish, base_classes):
        heads.replace_head(model, len(wish.classes), wish.seed)
        drop_unused(model)
        remarks = ("The base model answers to other classes; its last layer was replaced by an untrained one.",)
    network, bindings = to_network(model)
    prove_same(model, network, noise(LEADS, wish.samples))
    if wish.scratch:
        reinitialize(network, wish.seed)
    head = heads.find_head(model.graph)
    of_head = {head.node.output[0], *(node.output[0] for node in head.tail)}
    return Trainable(
        network=network,
        head=tuple(_trained_with(bindings, of_head)),
        to_onnx=partial(write_back, network, bindings, model),
        remarks=remarks,
    )


def _must_replace(head: heads.Head, size: int, wish: Wish, base_classes: Sequence[str]) -> bool:
    same = size == len(wish.classes) and (not base_classes or tuple(base_classes) == wish.classes)
    return not same or (wish.multilabel and head.bounded)


def _trained_with(bindings: tuple[Binding, ...], outputs: set[str]) -> list[str]:
    """Return the modules of the head, and the weights of it that lie in no module of their own."""
    names = {each.name for each in bindings if each.node_output in outputs}
    return sorted({name if name.startswith("initializers.") else name.rpartition(".")[0] for name in names})
