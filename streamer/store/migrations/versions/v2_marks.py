"""Version 2: what made an utterance hard to read."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Those of older versions have no marks."""
    op.add_column("utterance", sa.Column("marks", sa.JSON, nullable=False, server_default="[]"))
