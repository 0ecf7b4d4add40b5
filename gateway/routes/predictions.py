"""Asking models."""

from typing import Any, Final

from fastapi import Request

from gateway import predicting
from gateway.call import CallOf
from gateway.routes import router
from gateway.schemas.predictions import PredictionReport
from gateway.schemas.problems import problems
from gateway.schemas.uploads import InlinePrediction, form

routes = router("Predictions")

_BODY: Final = {
    "application/json": {"schema": {"$ref": "#/components/schemas/PredictionRequest"}},
    "multipart/form-data": {"schema": form(InlinePrediction, "file")},
}
_LINES: Final = {
    "application/x-ndjson": {"schema": {"$ref": "#/components/schemas/Prediction"}},
}


@routes.post(
    "/predictions",
    summary="Predict",
    response_model=PredictionReport,
    responses={200: {"content": _LINES}, **problems(404, 413, 422)},
    openapi_extra={"requestBody": {"required": True, "content": _BODY}},
)
async def predict(request: Request, call: CallOf) -> Any:
    """Ask a model about stored records or a whole dataset (JSON), or about one file that is not stored (a form).

    With `Accept: application/x-ndjson` a line per prediction is told as soon as it is known; which model spoke is then
    in the headers `Einthoven-Model`, `Einthoven-Model-Sha256` and `Einthoven-Task`.
    """
    if request.headers.get("content-type", "").startswith("multipart/"):
        return await predicting.inline(request, call)
    return await predicting.stored(request, call)
