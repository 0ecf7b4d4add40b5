"""Everything in one process on 127.0.0.1: the same ports as on a cluster, with embedded adapters behind them.

Objects lie in a folder, rows in one SQLite file per service, and the bus is inside the process.

`python -m deploy.local --data-dir DIR`, or the command `einthoven up`.
"""
