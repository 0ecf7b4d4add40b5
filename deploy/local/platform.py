"""The six deployables in one event loop; they still meet on the wire, over loopback gRPC."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

from deploy.local.settings import LocalSettings, exclusive
from gateway import bootstrap as gateway
from gateway.settings import GatewaySettings
from services.exchange import bootstrap as exchange
from services.exchange.settings import ExchangeSettings
from services.inference import bootstrap as inference
from services.inference.settings import InferenceSettings
from services.ingest import bootstrap as ingest
from services.ingest.settings import IngestSettings
from services.shared.messaging.local import LocalBus
from services.shared.storage import ObjectStore
from services.shared.storage.filesystem import FolderStore
from services.signal_analysis import bootstrap as signal_analysis
from services.signal_analysis.settings import SignalAnalysisSettings
from services.trainer import bootstrap as trainer
from services.trainer.settings import TrainerSettings


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
        parts = self._settings.parts

        records = await self._run(await ingest.build(IngestSettings(**parts("ingest")), **shared))
        models = await self._run(await exchange.build(ExchangeSettings(**parts("exchange")), **shared))
        views = await self._run(
            await signal_analysis.build(
                SignalAnalysisSettings(**parts("signal_analysis"), ingest_address=records), **shared
            )
        )
        peers = {"ingest_address": records, "exchange_address": models}
        predictions = await self._run(await inference.build(InferenceSettings(**parts("inference"), **peers), **shared))
        trainings = await self._run(await trainer.build(TrainerSettings(**parts("trainer"), **peers), **shared))
        door = GatewaySettings(
            **parts("gateway"),
            **peers,
            host=self._settings.host,
            port=self._settings.port,
            authentication="local",
            signal_analysis_address=views,
            inference_address=predictions,
            trainer_address=trainings,
        )
        self.url = f"http://{await self._run(await gateway.build(door))}"

    async def _run(self, deployable: _Startable) -> str:
        await deployable.start()
        self._running.push_async_callback(deployable.stop)
        return deployable.address


def default_data_dir() -> Path:
    """Return the folder for data where none was named."""
    return Path.cwd() / "einthoven-data"
