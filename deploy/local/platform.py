"""The six deployables in one event loop; they still meet on the wire, over loopback gRPC."""

from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from deploy.local.settings import LocalSettings, exclusive
from gateway import bootstrap as gateway
from gateway.auth import LOCAL_CALLER
from gateway.settings import GatewaySettings, PeerSettings
from services.exchange import bootstrap as exchange
from services.exchange.settings import ExchangeSettings
from services.inference import bootstrap as inference
from services.inference.settings import InferenceSettings
from services.ingest import bootstrap as ingest
from services.ingest.settings import IngestSettings
from services.shared.errors import InvalidRequest
from services.shared.messaging.local import LocalBus
from services.shared.storage import ObjectStore
from services.shared.storage.filesystem import FolderStore
from services.signal_analysis import bootstrap as signal_analysis
from services.signal_analysis.settings import SignalAnalysisSettings
from services.trainer import bootstrap as trainer
from services.trainer.settings import TrainerSettings

AnySettings = TypeVar("AnySettings", bound=BaseSettings)


class _Startable(Protocol):
    """What every composition root returns."""

    @property
    def address(self) -> str: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class LocalPlatform:
    """Everything, started in the order in which one needs the other and stopped the other way round."""

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._running = AsyncExitStack()
        self.url = ""
        self.dicom_address = ""
        """Where DICOM senders reach it; empty where it receives none."""

    async def __aenter__(self) -> "LocalPlatform":
        """Start everything; what had started is stopped again where something fails."""
        try:
            await self._start()
        except BaseException:
            await self._running.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything."""
        await self._running.aclose()

    async def _start(self) -> None:
        self._running.enter_context(exclusive(self._settings.data_dir))
        store: ObjectStore = FolderStore(self._settings.data_dir / "objects")
        self._running.push_async_callback(store.close)
        bus = LocalBus()
        self._running.push_async_callback(bus.close)
        shared: dict[str, Any] = {"store": store, "bus": bus}

        records = await self._run(ingest.build(self._settings_of(IngestSettings), **shared))
        models = await self._run(exchange.build(self._settings_of(ExchangeSettings), **shared))
        peers = {"ingest_address": records, "exchange_address": models}
        views = await self._run(signal_analysis.build(self._settings_of(SignalAnalysisSettings, **peers), **shared))
        predictions = await self._run(inference.build(self._settings_of(InferenceSettings, **peers), **shared))
        trainings = await self._run(trainer.build(self._settings_of(TrainerSettings, **peers), **shared))
        rooms = PeerSettings(
            **peers, signal_analysis_address=views, inference_address=predictions, trainer_address=trainings
        )
        if self._settings.dicom_port is not None:
            self.dicom_address = await self._receive(records, self._settings.dicom_port)
        address = {"host": self._settings.host, "port": self._settings.port}
        door = self._settings_of(GatewaySettings, peers=rooms, authentication="local", **address)
        self.url = f"http://{await self._run(gateway.build(door))}"

    async def _receive(self, records: str, port: int) -> str:
        from services.ingest.dicom_receiver import bootstrap, settings  # noqa: PLC0415 heavy, and seldom asked for

        given = {
            "ingest_address": records,
            "host": self._settings.host,
            "port": port,
            "departments": dict.fromkeys(self._settings.dicom_senders, LOCAL_CALLER.tenant),
        }
        return await self._run(bootstrap.build(self._settings_of(settings.DicomReceiverSettings, **given)))

    def _settings_of(self, kind: type[AnySettings], **more: Any) -> AnySettings:
        """Return a deployable's settings: of what is shared and what is given, as much as it has fields for."""
        name = kind.model_config.get("env_prefix", "").removeprefix("EINTHOVEN_").strip("_").lower()
        given = self._settings.parts(name) | more
        try:
            return kind(**{field: value for field, value in given.items() if field in kind.model_fields})
        except ValidationError as error:
            raise InvalidRequest(error.errors()[0]["msg"].removeprefix("Value error, ")) from None

    async def _run(self, building: Awaitable[_Startable]) -> str:
        deployable = await building
        await deployable.start()
        self._running.push_async_callback(deployable.stop)
        return deployable.address


def default_data_dir() -> Path:
    """Return the folder for data where none was named."""
    return Path.cwd() / "einthoven-data"
