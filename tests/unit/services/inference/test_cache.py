import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from services.inference.cache import ModelCache
from services.inference.runtime.base import ModelRuntime
from services.inference.runtime.onnx import OnnxLoader
from services.inference.settings import BatchSettings, CacheSettings, RuntimeSettings
from services.shared.errors import Internal, InvalidModel, NotFound, TooLarge
from services.shared.storage.filesystem import FolderStore
from tests.unit.services.exchange import onnx_models
from tests.unit.services.inference.stored import manifest, stored_model


class CountingLoader:
    """Loads, and remembers how often."""

    def __init__(self) -> None:
        self.loads = 0
        self._load = OnnxLoader(RuntimeSettings())

    def __call__(self, document: bytes) -> ModelRuntime:
        self.loads += 1
        return self._load(document)


@pytest.fixture
def loader() -> CountingLoader:
    return CountingLoader()


def cache(
    store: FolderStore, loader: CountingLoader, executor: ThreadPoolExecutor, preferred_batch: int = 2, **bounds: int
) -> ModelCache:
    batch = BatchSettings(preferred_batch=preferred_batch)
    return ModelCache(store, loader, executor, cache=CacheSettings(**bounds), batch=batch)


async def test_a_model_is_loaded_once_for_everybody(
    store: FolderStore, loader: CountingLoader, executor: ThreadPoolExecutor
) -> None:
    made = cache(store, loader, executor)
    model = await stored_model(store)

    found = await asyncio.gather(*(made.get(model) for _ in range(5)))

    assert loader.loads == 1
    assert len({id(each) for each in found}) == 1
    assert found[0].batcher.size == 2


async def test_a_caller_who_goes_away_does_not_take_the_model_along(
    store: FolderStore, loader: CountingLoader, executor: ThreadPoolExecutor
) -> None:
    made = cache(store, loader, executor)
    model = await stored_model(store)
    first, second = asyncio.create_task(made.get(model)), asyncio.create_task(made.get(model))
    await asyncio.sleep(0)

    first.cancel()

    assert (await second).size_bytes == model.size_bytes
    assert loader.loads == 1


async def test_the_least_recently_used_model_goes_first(
    store: FolderStore, loader: CountingLoader, executor: ThreadPoolExecutor
) -> None:
    made = cache(store, loader, executor, max_models=2)
    a, b, c = [await stored_model(store, name) for name in "abc"]
    for model in (a, b, a, c):
        await made.get(model)

    await made.get(a)
    assert loader.loads == 3
    await made.get(b)
    assert loader.loads == 4


async def test_a_file_that_is_not_what_the_store_promised_is_not_run(
    store: FolderStore, loader: CountingLoader, executor: ThreadPoolExecutor
) -> None:
    model = await stored_model(store)
    await store.put(model.object_key, onnx_models.document(classes=2, output_shape=("N", 2)))

    with pytest.raises(Internal):
        await cache(store, loader, executor).get(model)

    assert loader.loads == 0


async def test_a_model_that_failed_to_load_is_tried_again(
    store: FolderStore, loader: CountingLoader, executor: ThreadPoolExecutor
) -> None:
    made = cache(store, loader, executor)
    model = await stored_model(store)
    document = await store.get(model.object_key)
    await store.delete(model.object_key)
    with pytest.raises(NotFound):
        await made.get(model)

    await store.put(model.object_key, document)

    assert (await made.get(model)).size_bytes == len(document)


async def test_a_model_that_is_too_large_is_not_loaded(
    store: FolderStore, loader: CountingLoader, executor: ThreadPoolExecutor
) -> None:
    model = replace(await stored_model(store), size_bytes=1 << 40)

    with pytest.raises(TooLarge):
        await cache(store, loader, executor).get(model)


async def test_a_file_that_takes_one_ecg_at_a_time_is_run_so(
    store: FolderStore, loader: CountingLoader, executor: ThreadPoolExecutor
) -> None:
    model = await stored_model(store, document=onnx_models.document(input_shape=(1, 12, 1000), output_shape=(1, 3)))

    assert (await cache(store, loader, executor, preferred_batch=8).get(model)).batcher.size == 1


async def test_the_batch_is_measured_where_none_is_preferred(
    store: FolderStore, loader: CountingLoader, executor: ThreadPoolExecutor
) -> None:
    ready = await cache(store, loader, executor, preferred_batch=0).get(await stored_model(store))

    assert 1 <= ready.batcher.size <= 32


@pytest.mark.parametrize(
    ("part", "changes", "sentence"),
    [
        ("input", {"samples": 500}, r"feeds 'ecg' with \[N, 12, 500\], but the model takes ecg \[-1, 12, 1000\]"),
        ("input", {"tensor": "x"}, "feeds 'x'"),
        ("output", {"tensor": "x"}, "reads the output 'x', but the model gives scores"),
    ],
)
async def test_a_manifest_that_contradicts_the_file_is_refused(
    store: FolderStore,
    loader: CountingLoader,
    executor: ThreadPoolExecutor,
    part: str,
    changes: dict[str, object],
    sentence: str,
) -> None:
    right = manifest()
    wrong = right.model_copy(update={part: getattr(right, part).model_copy(update=changes)})
    model = await stored_model(store)
    made = cache(store, loader, executor)
    await made.get(model)

    with pytest.raises(InvalidModel, match=sentence):
        await made.get(replace(model, manifest=wrong))
