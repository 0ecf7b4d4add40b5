"""Internal tokens."""

import jwt
import pytest

from services.shared.errors import Forbidden, Unauthenticated
from services.shared.identity import Caller, Tokens
from services.shared.settings import IdentitySettings

SECRET = "k" * 32
ANNA = Caller("cardiology", "anna", frozenset({"member"}))


def tokens(now: float = 1000.0, secret: str = SECRET) -> Tokens:
    return Tokens(IdentitySettings(secret=secret, token_seconds=60), issuer="gateway", clock=lambda: now)


def test_a_token_says_who_calls() -> None:
    token = tokens().issue(ANNA)

    assert tokens().verify(token) == ANNA


def test_a_token_ends() -> None:
    token = tokens(now=1000.0).issue(ANNA)

    with pytest.raises(Unauthenticated, match="expired"):
        tokens(now=1100.0).verify(token)


def test_a_token_that_was_verified_ends_all_the_same() -> None:
    at = [1000.0]
    mine = Tokens(IdentitySettings(secret=SECRET, token_seconds=60), issuer="gateway", clock=lambda: at[0])
    token = mine.issue(ANNA)
    mine.verify(token)
    at[0] = 1100.0

    with pytest.raises(Unauthenticated, match="expired"):
        mine.verify(token)


def test_a_token_serves_its_caller_for_half_its_life_and_nobody_else() -> None:
    at = [1000.0]
    mine = Tokens(IdentitySettings(secret=SECRET, token_seconds=60), issuer="gateway", clock=lambda: at[0])
    bert = Caller("cardiology", "bert", frozenset({"member"}))
    issued = []
    for at[0] in range(1000, 1200):
        token = mine.issue(ANNA)
        ends = jwt.decode(token, options={"verify_signature": False})["exp"]
        assert ends >= at[0] + 30
        issued.append(token)

    assert len(set(issued)) <= 1 + 200 // 30
    assert mine.verify(mine.issue(bert)) == bert
    assert mine.verify(mine.issue(ANNA.as_service())) == ANNA.as_service()


def test_a_token_signed_with_another_secret_is_refused() -> None:
    token = tokens(secret="x" * 32).issue(ANNA)

    with pytest.raises(Unauthenticated, match="not valid"):
        tokens().verify(token)


def test_an_unsigned_token_is_refused() -> None:
    claims = jwt.decode(tokens().issue(ANNA), options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none")

    with pytest.raises(Unauthenticated):
        tokens().verify(unsigned)


def test_a_token_for_something_else_is_refused() -> None:
    claims = jwt.decode(tokens().issue(ANNA), options={"verify_signature": False})
    other = jwt.encode({**claims, "aud": "elsewhere"}, SECRET, algorithm="HS256")

    with pytest.raises(Unauthenticated):
        tokens().verify(other)


def test_a_missing_role_is_forbidden() -> None:
    with pytest.raises(Forbidden, match="'service'"):
        ANNA.require("service")

    ANNA.as_service().require("service")
