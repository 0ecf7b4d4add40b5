"""API keys on the command line, for administrators with a shell where the gateway runs.

    python -m gateway.keys create --tenant cardiology --subject anna [--admin]
    python -m gateway.keys list [--tenant cardiology]
    python -m gateway.keys revoke KEY_ID
    python -m gateway.keys new

`new` only prints a key, for EINTHOVEN_GATEWAY_BOOTSTRAP_KEY; everything else reads the
gateway's own environment.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from gateway.api_keys import ApiKeyShelf
from gateway.bootstrap import MIGRATIONS
from gateway.settings import GatewaySettings
from gateway.tokens import new_api_key
from services.shared.database import migrate, open_database
from services.shared.errors import PlatformError
from services.shared.identity import ADMIN, MEMBER, Caller
from services.shared.settings import load


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0, 1 where it was refused, 2 where it was misspelt."""
    chosen = _parser().parse_args(arguments)
    if chosen.command == "new":
        sys.stdout.write(new_api_key() + "\n")
        return 0
    try:
        asyncio.run(_run(chosen, load(GatewaySettings)))
    except PlatformError as error:
        sys.stderr.write(error.detail + "\n")
        return 1
    return 0


async def _run(chosen: argparse.Namespace, settings: GatewaySettings) -> None:
    database = open_database(settings.database)
    try:
        if settings.database.migrate:
            await migrate(database, "gateway", MIGRATIONS)
        for line in await _lines(chosen, ApiKeyShelf(database)):
            sys.stdout.write(line + "\n")
    finally:
        await database.close()


async def _lines(chosen: argparse.Namespace, shelf: ApiKeyShelf) -> list[str]:
    if chosen.command == "create":
        roles = frozenset({MEMBER, ADMIN} if chosen.admin else {MEMBER})
        key_id, key = await shelf.create(Caller(chosen.tenant, chosen.subject, roles))
        return [f"id   {key_id}", f"key  {key}", "Keep the key now: only its fingerprint is stored."]
    if chosen.command == "revoke":
        await shelf.revoke(chosen.key_id)
        return [f"Revoked {chosen.key_id}."]
    return [
        f"{key.key_id}  {key.caller.tenant}  {key.caller.subject}  {','.join(sorted(key.caller.roles))}"
        + ("  revoked" if key.revoked else "")
        for key in await shelf.list(chosen.tenant)
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway.keys", description="Make, list and revoke API keys.")
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a key out to somebody, and print it once")
    create.add_argument("--tenant", required=True, help="the department")
    create.add_argument("--subject", required=True, help="the person or script")
    create.add_argument("--admin", action="store_true", help="may manage the site")
    listing = commands.add_parser("list", help="list keys")
    listing.add_argument("--tenant", help="only this department's")
    revoke = commands.add_parser("revoke", help="take a key back")
    revoke.add_argument("key_id")
    commands.add_parser("new", help="print a fresh key without storing it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
