"""What comes by one command goes by one."""

import pytest

from tests.cluster.figures import Figures
from tests.cluster.kubernetes import Namespace, command, name_of, until
from tests.cluster.release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

OTHERS = {"configmaps/kube-root-ca.crt", "serviceaccounts/default"}
"""What Kubernetes itself puts into every namespace."""
PASSING = {"events", "events.events.k8s.io", "pods.metrics.k8s.io"}
"""What nobody made and nobody can delete."""


def _left(namespace: Namespace) -> set[str]:
    kinds = command("kubectl", "api-resources", "--namespaced", "--verbs=list", "--output=name").split()
    found = {f"{kind}/{name_of(item)}" for kind in kinds if kind not in PASSING for item in namespace.objects(kind)}
    return found - OTHERS


def test_uninstalling_leaves_the_namespace_empty(release: Release, namespace: Namespace, figures: Figures) -> None:
    with figures.step("uninstall"):
        namespace.helm("uninstall", release.name, "--wait", "--timeout", "180s")
    with figures.step("everything is gone"):
        until("the namespace is empty", lambda: not namespace.objects("pods,persistentvolumeclaims,jobs"), 60)

    assert _left(namespace) == set()
