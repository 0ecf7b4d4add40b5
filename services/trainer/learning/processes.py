"""The processes of one training: one, or several that torchrun started, each with a device of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


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
        return DistributedDataParallel(network, device_ids=[self.device] if self.device.type == "cuda" else None)

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


def best_device(local_rank: int = 0) -> torch.device:
    """Return the accelerator of this process, or the CPU where there is none."""
    return torch.device("cuda", local_rank) if torch.cuda.is_available() else torch.device("cpu")


@contextmanager
def joined(*, rank: int, count: int, local_rank: int) -> Iterator[Processes]:
    """Join the processes that torchrun started (RANK, WORLD_SIZE, LOCAL_RANK), or be the only one."""
    device = best_device(local_rank)
    torch.backends.cudnn.deterministic = True  # The same seed is to give the same model.
    if count == 1:
        yield Processes(device)
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(device, rank, count)
    finally:
        distributed.destroy_process_group()
