"""Several processes train one model together and agree on everything."""

import multiprocessing
import socket
from pathlib import Path

from tests.unit.services.trainer.learning.together import learn


def test_two_processes_train_one_model_and_one_of_them_reports(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=learn, args=(rank, 2, port, str(tmp_path))) for rank in range(2)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)

    assert [worker.exitcode for worker in workers] == [0, 0]
    leading, following = ((tmp_path / f"rank{rank}").read_text().split() for rank in range(2))
    assert (leading[0], following[0]) == ("3", "0")
    assert leading[1:] == following[1:]
    assert (tmp_path / "best").exists()
