"""How a library of an older version becomes one of the newest. Alembic runs `env.py` at opening."""
