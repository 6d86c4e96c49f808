"""Run by Alembic, on the connection and in the transaction that `migrate` hands over."""

from alembic import context

from streamer.store.schema import Base

config = context.config
context.configure(
    connection=config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=config.attributes["version_table"],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
