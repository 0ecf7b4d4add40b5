import pytest
from pydantic import ValidationError

from services.inference.settings import BatchSettings


def test_a_run_cannot_aim_at_more_than_it_may_hold() -> None:
    with pytest.raises(ValidationError, match="greater than max_batch"):
        BatchSettings(max_batch=4, preferred_batch=8)
