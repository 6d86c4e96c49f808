"""What a running hub does to the process it is in."""

import gc
from pathlib import Path

from streamer.runtime import running_hub
from streamer.settings import Settings
from tests.bundles import write_tiny_bundle


async def test_while_it_runs_garbage_is_not_looked_for_in_what_was_loaded(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "tiny")
    async with running_hub(str(bundle), "none", Settings()):
        searched, left_out = len(gc.get_objects()), gc.get_freeze_count()
    assert left_out > 10 * searched
    assert gc.get_freeze_count() == 0
