"""What the pods take under a constant load lies within what the chart asks for, so that nothing rests on a guess."""

import time
from collections import defaultdict
from typing import Any, Final

import pytest
import yaml

from tests.architecture.tree import ROOT
from tests.cluster.figures import Figures
from tests.cluster.kubernetes import component_of, name_of
from tests.cluster.load import Load, Target, predict, predict_file, upload, view
from tests.cluster.release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

CALLS: Final = (upload, view, predict, predict_file)
LOAD_SECONDS: Final = 20.0
VALUES: Final = {
    "gateway": "gateway",
    "ingest": "ingest",
    "signal-analysis": "signalAnalysis",
    "inference": "inference",
    "trainer": "trainer",
    "exchange": "exchange",
}
READ: Final = """
import os
def told(file, key):
    return next(int(line.split()[1]) for line in open('/proc/' + file) if line.startswith(key))
processes = [each for each in os.listdir('/proc') if each.isdigit() and int(each) != os.getpid()]
memory = told('1/status', 'VmHWM') + sum(told(each + '/smaps_rollup', 'Pss:') for each in processes if each != '1')
ticks = [open('/proc/' + each + '/stat').read().rpartition(')')[2].split()[11:13] for each in processes]
print(memory / 1024, sum(int(part) for both in ticks for part in both) / os.sysconf('SC_CLK_TCK'))
"""
"""The peak of resident memory in MiB with what other processes share of theirs, and seconds of CPU so far."""


def _taken(release: Release) -> dict[str, tuple[str, float, float]]:
    """Return for each pod of the platform its component, its peak in MiB and its seconds of CPU."""
    taken = {}
    for pod in release.namespace.pods(instance=release.name):
        if component_of(pod) in VALUES:
            peak, cpu = release.namespace.python(name_of(pod), READ).split()
            taken[name_of(pod)] = (component_of(pod), float(peak), float(cpu))
    return taken


def _asked(component: str, kind: str) -> float:
    """Return a request of values.yaml in MiB or thousandths of a core."""
    values: dict[str, Any] = yaml.safe_load((ROOT / "helm/einthoven/values.yaml").read_text(encoding="utf-8"))
    text = str(values[VALUES[component]]["resources"]["requests"][kind])
    if kind == "memory":
        return float(text[:-2]) * {"Mi": 1, "Gi": 1024}[text[-2:]]
    return float(text[:-1]) if text.endswith("m") else float(text) * 1000


def test_pods_take_no_more_than_they_ask_for(release: Release, target: Target, figures: Figures) -> None:
    with Load(target, CALLS, every_s=0.2) as load:
        time.sleep(2)
        before, began = _taken(release), time.monotonic()
        time.sleep(LOAD_SECONDS)
        after, seconds = _taken(release), time.monotonic() - began
    memory: dict[str, float] = defaultdict(float)
    cpu: dict[str, float] = defaultdict(float)
    for pod, (component, peak, used) in after.items():
        memory[component] = max(memory[component], peak)
        if pod in before:
            cpu[component] = max(cpu[component], (used - before[pod][2]) / seconds * 1000)
    for component in VALUES:
        name = component.replace("-", "_")
        figures.row(f"memory_{name}_mib", memory[component], "MiB", at_most=_asked(component, "memory"))
        figures.row(f"cpu_{name}_millicores", cpu[component], "m", at_most=_asked(component, "cpu"))

    assert not load.failed(), load.told()
    assert [each for each in VALUES if memory[each] > _asked(each, "memory")] == []
    assert [each for each in VALUES if cpu[each] > _asked(each, "cpu")] == []
