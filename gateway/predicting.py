"""The two ways to ask for predictions: about what is stored, and about one file that is not."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from gateway import ndjson, uploads
from gateway.call import Call
from gateway.convert import predictions as convert
from gateway.departure import unless_gone
from gateway.errors import invalid
from gateway.forms import Form
from gateway.resuming import resumed
from gateway.schemas.predictions import Prediction, PredictionReport, PredictionRequest
from gateway.schemas.uploads import InlinePrediction
from services.shared.errors import Internal


async def stored(request: Request, call: Call) -> PredictionReport | StreamingResponse:
    """Predict stored records or a dataset; a client that goes away ends the work."""
    messages = _predict(call, convert.predict(await _wanted(request)))
    if not ndjson.wanted(request):
        return convert.report(await unless_gone(request, _all(messages)))
    first = await _first(messages)
    return await ndjson.respond(_told(first, messages), request.url.path, convert.headers(first))


async def inline(request: Request, call: Call) -> PredictionReport:
    """Predict one file without storing it."""
    form = await Form.open(request, call.limits)
    fields = form.read(InlinePrediction)
    decoded = await call.peers.ingest.decode_file(call.caller, uploads.decode_steps(form, fields, call.limits))
    messages = _predict(call, convert.predict_inline(fields, decoded))
    return convert.inline_report(form.file_name, decoded, await unless_gone(request, _all(messages)))


def _predict(call: Call, question: Any) -> AsyncGenerator[Any]:
    return resumed(lambda: call.peers.inference.predict(call.caller, question))


async def _wanted(request: Request) -> PredictionRequest:
    try:
        return PredictionRequest.model_validate_json(await request.body())
    except ValidationError as error:
        raise invalid(error.errors(include_input=False, include_url=False)) from None


async def _all(messages: AsyncGenerator[Any]) -> list[Any]:
    async with aclosing(messages):
        answers = [message async for message in messages]
    if not answers:
        raise Internal("Inference answered nothing.")
    return answers


async def _first(messages: AsyncGenerator[Any]) -> Any:
    first = await anext(messages, None)
    if first is None:
        raise Internal("Inference answered nothing.")
    return first


async def _told(first: Any, rest: AsyncGenerator[Any]) -> AsyncGenerator[Prediction]:
    async with aclosing(rest):
        for prediction in convert.batch(first):
            yield prediction
        async for message in rest:
            for prediction in convert.batch(message):
                yield prediction
