"""What each service account may do at the Kubernetes API: the trainer runs Jobs, and nobody else anything."""

import re

import pytest

from tests.cluster.kubernetes import CommandFailed, Namespace, name_of
from tests.cluster.release import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

TRAINERS = {("jobs.batch", "create delete list"), ("pods", "list")}
REFUSED = (
    ("create", "pods"),
    ("create", "pods/exec"),
    ("get", "pods/log"),
    ("get", "secrets"),
    ("list", "secrets"),
    ("get", "configmaps"),
    ("get", "jobs.batch"),
    ("update", "jobs.batch"),
    ("patch", "jobs.batch"),
    ("deletecollection", "jobs.batch"),
    ("create", "services"),
    ("create", "rolebindings.rbac.authorization.k8s.io"),
    ("impersonate", "serviceaccounts"),
)


def _account(namespace: Namespace, name: str) -> str:
    return f"--as=system:serviceaccount:{namespace.name}:{name}"


def _rights(namespace: Namespace, name: str) -> set[tuple[str, str]]:
    """Return what an account may do here, resource by resource, beyond what every account may."""
    lines = namespace.kubectl("auth", "can-i", "--list", "--no-headers", _account(namespace, name)).splitlines()
    return {(line.split()[0], _verbs(line)) for line in lines if line.strip()}


def _verbs(line: str) -> str:
    found = re.findall(r"\[([^\]]*)\]", line)
    return " ".join(sorted(found[-1].split()))


def test_no_account_may_more_than_it_needs(release: Release, namespace: Namespace) -> None:
    everyones = _rights(namespace, "default")
    accounts = [name_of(account) for account in namespace.objects("serviceaccounts") if name_of(account) != "default"]
    rights = {account: _rights(namespace, account) - everyones for account in accounts}

    assert rights.pop(f"{release.name}-trainer") == TRAINERS
    assert len(rights) >= 5
    assert {account: more for account, more in rights.items() if more} == {}


@pytest.mark.parametrize(("verb", "resource"), REFUSED)
def test_the_trainer_may_not(release: Release, namespace: Namespace, verb: str, resource: str) -> None:
    account = _account(namespace, f"{release.name}-trainer")

    with pytest.raises(CommandFailed):
        namespace.kubectl("auth", "can-i", verb, resource, account)


def test_the_trainers_rights_end_at_its_namespace(release: Release, namespace: Namespace) -> None:
    account = _account(namespace, f"{release.name}-trainer")

    assert namespace.kubectl("auth", "can-i", "create", "jobs.batch", account).strip() == "yes"
    with pytest.raises(CommandFailed):
        Namespace("default").kubectl("auth", "can-i", "create", "jobs.batch", account)
    with pytest.raises(CommandFailed):
        Namespace("default").kubectl("auth", "can-i", "list", "pods", account)
