"""What the cluster tests are told by their environment; nothing else of them reads it."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ClusterSettings(BaseSettings):
    """Which cluster, which images, and where its NodePort answers; keys begin with EINTHOVEN_CLUSTER_."""

    model_config = SettingsConfigDict(env_prefix="EINTHOVEN_CLUSTER_", frozen=True)

    kubeconfig: str = Field(default="", validation_alias="KUBECONFIG")
    """Has to be set: no test ever touches a cluster that is somebody's default."""
    registry: str = "node.local"
    tag: str = "1"
    next_tag: str = "2"
    """Of the second build, which the first is upgraded to."""
    url: str = "http://127.0.0.1:18080"
    """Where the NodePort is reached from here."""
    node_port: int = Field(default=30080, ge=1, le=65535)
    values: Path | None = None
    """More values for the chart: the images of the bundled servers, a storage class, ..."""
    wait_seconds: int = Field(default=300, ge=1)
    """How long an installation, an upgrade or a rollback may take."""
