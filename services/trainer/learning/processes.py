"""The processes of one training: one, or several that torchrun started, each with a device of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from services.shared.errors import Unavailable

PATIENCE: Final = timedelta(hours=1)
"""How long a process waits for the others, of which the leading one validates and saves alone."""
LOST: Final = "Another process of the training was lost."


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those of the training."""

    device: torch.device
    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that validates, saves and reports."""
        return self.rank == 0

    def parallel(self, network: nn.Module) -> nn.Module:
        """Return the network with its gradients averaged over the processes."""
        if self.count == 1:
            return network
        devices = [self.device] if self.device.type == "cuda" else None
        # The statistics of normalizations are the same everywhere: see norms.
        return DistributedDataParallel(network, device_ids=devices, forward_sync_buffers=False)

    def seed(self, number: int) -> None:
        """Give every process random numbers of its own, e.g. for dropout; a single one goes on with those it has."""
        if self.count > 1:
            torch.manual_seed(number * self.count + self.rank)

    def agree(self, values: list[float]) -> list[float]:
        """Return what the leading process says, the same in every process."""
        if self.count == 1:
            return values
        said = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.broadcast(said, src=0)
        return [float(value) for value in said]

    def wait(self) -> None:
        """Go on when every process is here."""
        self.agree([0.0])

    def any(self, *, value: bool) -> bool:
        """Return whether the value holds in any process."""
        if self.count == 1:
            return value
        flag = torch.tensor(float(value), device=self.device)
        distributed.all_reduce(flag, distributed.ReduceOp.MAX)
        return bool(flag)

    def mean(self, value: torch.Tensor | float) -> float:
        """Return the mean of a value over the processes."""
        if self.count == 1:
            return float(value)
        total = torch.as_tensor(value, dtype=torch.float32, device=self.device).clone()
        distributed.all_reduce(total)
        return float(total) / self.count


def best_device(local_rank: int = 0, local_count: int = 1) -> torch.device:
    """Return the accelerator of this process, or the CPU where not each process of this machine has one."""
    enough = torch.cuda.is_available() and torch.cuda.device_count() >= local_count
    return torch.device("cuda", local_rank) if enough else torch.device("cpu")


@contextmanager
def joined(*, rank: int, count: int, local_rank: int, local_count: int = 1) -> Iterator[Processes]:
    """Join the processes that torchrun started (RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE), or be the only one.

    Raises Unavailable where another process is lost or does not come.
    """
    device = best_device(local_rank, local_count)
    torch.backends.cudnn.deterministic = True  # The same seed is to give the same model.
    if count == 1:
        yield Processes(device)
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    try:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
        yield Processes(device, rank, count)
    except RuntimeError as error:
        if _means_loss(error):
            raise Unavailable(LOST) from error
        raise
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _means_loss(error: RuntimeError) -> bool:
    # Gloo has no class of its own for a connection that breaks.
    return isinstance(error, distributed.DistError) or "gloo" in str(error)
