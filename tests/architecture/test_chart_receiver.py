"""The DICOM receiver in the chart, which is there where a site asks for it."""

from pathlib import Path
from typing import Any

import pytest

from services.ingest.dicom_receiver.settings import DicomReceiverSettings
from services.shared.settings import load
from tests.architecture import chart

pytestmark = pytest.mark.skipif(not chart.PYTHON.exists(), reason="Helm's library is not installed: `make check` does.")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> chart.Rendering:
    return chart.render(chart.EVERYTHING, tmp_path_factory.mktemp("everything"))


@pytest.fixture(scope="module")
def least(tmp_path_factory: pytest.TempPathFactory) -> chart.Rendering:
    return chart.render(chart.LEAST, tmp_path_factory.mktemp("least"))


def test_a_receiver_has_the_same_objects_but_for_autoscaling(everything: chart.Rendering) -> None:
    made = [each for each in everything.objects if _labelled(each, chart.RECEIVER)]

    assert {each["kind"] for each in made} == chart.KINDS
    assert len(made) == len(chart.KINDS)


def test_a_receiver_that_nobody_asked_for_is_nowhere(least: chart.Rendering) -> None:
    assert chart.RECEIVER not in str(least.objects)


def _labelled(each: dict[str, Any], component: str) -> bool:
    return bool(each["metadata"]["labels"]["app.kubernetes.io/component"] == component)


@pytest.mark.parametrize("more", [{}, {"networkPolicy": {"enabled": False}}])
def test_the_settings_of_a_receiver_take_exactly_what_the_chart_gives(
    more: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendering = chart.render({**chart.LEAST, **chart.RECEIVING, **more}, tmp_path)
    for key, value in chart.environment(rendering, chart.RECEIVER).items():
        monkeypatch.setenv(key, value)

    settings = load(DicomReceiverSettings)

    assert settings.departments == chart.RECEIVING["dicomReceiver"]["senders"]
    assert settings.ingest_address == "dns:///einthoven-ingest:50051"
    assert (settings.host, settings.port, settings.tls.certificate_file) == ("0.0.0.0", 11112, None)  # noqa: S104 pods listen on every address
    assert settings.limits == DicomReceiverSettings.model_fields["limits"].default


def test_a_receiver_takes_everything_that_can_be_said_of_it(
    everything: chart.Rendering, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = chart.environment(everything, chart.RECEIVER)
    pod = _pod(everything)["spec"]
    mounts = {each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}

    for key, value in given.items():
        monkeypatch.setenv(key, value)

    assert load(DicomReceiverSettings).ae_title == "ECG ARCHIVE"
    assert {str(Path(value).parent) for key, value in given.items() if key.endswith("_FILE")} < mounts
    assert given["EINTHOVEN_DICOM_RECEIVER_LIMITS__MAX_OBJECT_BYTES"] == str(16 << 20)


def test_a_receiver_is_run_from_the_image_of_ingest(everything: chart.Rendering, tmp_path: Path) -> None:
    values = {**chart.LEAST, **chart.RECEIVING, "ingest": {"image": "registry.local/ingest@sha256:0"}}
    plain = chart.render({**chart.LEAST, **chart.RECEIVING}, tmp_path)
    ours = chart.render(values, tmp_path)

    images = [_pod(each)["spec"]["containers"][0]["image"] for each in (plain, ours, everything)]

    assert images == [
        _pod(plain, "ingest")["spec"]["containers"][0]["image"],
        "registry.local/ingest@sha256:0",
        "registry.local/of-ours:1",
    ]


def test_senders_reach_a_receiver_from_where_they_are_and_keep_their_addresses(
    everything: chart.Rendering, tmp_path: Path
) -> None:
    inside = chart.render({**chart.LEAST, **chart.RECEIVING}, tmp_path).one("Service", chart.RECEIVER)["spec"]
    outside = everything.one("Service", chart.RECEIVER)["spec"]
    policy = everything.one("NetworkPolicy", chart.RECEIVER)["spec"]

    assert (inside["type"], inside["ports"][0]["port"]) == ("ClusterIP", 11112)
    assert "externalTrafficPolicy" not in inside
    assert outside["externalTrafficPolicy"] == "Local"
    assert outside["loadBalancerSourceRanges"] == ["10.30.0.0/24"]
    assert [(each["name"], each["port"], each["targetPort"]) for each in outside["ports"]] == [("dicom", 104, "dicom")]
    assert policy["ingress"][0] == {
        "ports": [{"port": 11112, "protocol": "TCP"}],
        "from": chart.RECEIVING["networkPolicy"]["dicomFrom"],
    }


def _pod(rendering: chart.Rendering, component: str = chart.RECEIVER) -> Any:
    return rendering.one("Deployment", component)["spec"]["template"]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({**chart.LEAST, "dicomReceiver": {"enabled": True}}, "dicomReceiver.senders"),
        ({**chart.LEAST, "dicomReceiver": chart.RECEIVING["dicomReceiver"]}, "networkPolicy.dicomFrom"),
        ({**chart.LEAST, "dicomReceiver": {"senders": {"C" * 17: "cardiology"}}}, "senders"),
        ({**chart.LEAST, "dicomReceiver": {"senders": {"CART1": "Cardiology"}}}, "CART1"),
        ({**chart.LEAST, "dicomReceiver": {"tls": {"clientCaSecret": "carts"}}}, "dicomReceiver.tls.secret"),
    ],
)
def test_what_would_leave_a_receiver_open_or_deaf_is_refused(
    values: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    refused = chart.render(values, tmp_path)

    assert complaint in str(refused.error) + str(refused.lint)
