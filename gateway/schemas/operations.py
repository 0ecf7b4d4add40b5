"""What orchestrators ask."""

from pydantic import ConfigDict, Field

from gateway.schemas import Schema


class Alive(Schema):
    """The process is alive."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "alive"}})

    status: str = "alive"


class Readiness(Schema):
    """Whether every room answers."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"status": "ready", "dependencies": {"ingest": True, "trainer": True}}}
    )

    status: str = Field(description='"ready" or "not_ready".')
    dependencies: dict[str, bool]


class Identity(Schema):
    """Who the platform takes the caller for."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"tenant": "cardiology", "subject": "anna", "roles": ["member"]}}
    )

    tenant: str
    subject: str
    roles: list[str]
