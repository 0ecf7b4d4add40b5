"""The environment of every service's migrations, which Alembic executes; `migrate` gives the connection."""  # noqa: INP001 not imported

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
)
with context.begin_transaction():
    context.run_migrations()
