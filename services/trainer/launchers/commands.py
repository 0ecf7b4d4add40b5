"""What a worker's processes are started with, whoever starts them."""

from typing import Final

from services.trainer.trainings import Training

MODULE: Final = "services.trainer.worker"
TORCHRUN: Final = "torch.distributed.run"
PORT: Final = 29500
"""Where torchrun's processes of several workers meet; each pod has an address of its own, so one port serves all."""
MEET_SECONDS: Final = 24 * 3600
"""How long a worker that is there waits for the others, which may wait for a free node."""


def alone(training: Training) -> list[str]:
    """Return the arguments of an interpreter that trains in one process."""
    return ["-m", MODULE, training.training_id, str(training.launches)]


def on_one_machine(training: Training) -> list[str]:
    """Return the arguments of an interpreter that starts every process of a training on this machine."""
    spec = training.spec
    count = spec.workers * spec.processes_per_worker
    if count == 1:
        return alone(training)
    return ["-m", TORCHRUN, "--standalone", f"--nproc-per-node={count}", "-m", *alone(training)[1:]]


def on_one_of_several(training: Training, *, index: str, leader: str) -> list[str]:
    """Return the arguments of an interpreter for the processes of one worker; its number may be a $(VARIABLE)."""
    spec = training.spec
    if spec.workers == 1:
        return on_one_machine(training)
    return [
        "-m",
        TORCHRUN,
        f"--nnodes={spec.workers}",
        f"--nproc-per-node={spec.processes_per_worker}",
        f"--node-rank={index}",
        f"--master-addr={leader}",
        f"--master-port={PORT}",
        f"--rdzv-conf=timeout={MEET_SECONDS}",
        "-m",
        *alone(training)[1:],
    ]
