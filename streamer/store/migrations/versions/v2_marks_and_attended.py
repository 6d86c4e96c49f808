"""Version 2: what made an utterance hard to read, and which earlier ones its reading attended to."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Of utterances kept before, neither is known."""
    for name in ("marks", "attended"):
        op.add_column("utterance", sa.Column(name, sa.JSON, nullable=False, server_default="[]"))
