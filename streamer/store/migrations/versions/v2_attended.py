"""Version 2: which earlier utterances a reading attended to. Of what was kept before, nothing is known of that."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Adds the column."""
    op.add_column("utterance", sa.Column("attended", sa.JSON, nullable=False, server_default="[]"))
