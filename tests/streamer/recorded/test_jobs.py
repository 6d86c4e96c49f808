"""Several recordings side by side, some of them broken."""

import subprocess
import sys
from pathlib import Path

from streamer.record import read_jsonl
from tests.recordings import TURNS, call, write_wav


def _replay(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streamer.cli", "replay", *map(str, arguments), "--no-store"]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


ODD = 'it\'s "quoted" [red], 会議 100 %'


def test_broken_files_of_a_folder_are_told_and_hold_no_other_one_up(bundle: Path, tmp_path: Path) -> None:
    meetings, out = tmp_path / "meetings", tmp_path / "out"
    meetings.mkdir()
    for name in ("monday", ODD):
        write_wav(meetings / f"{name}.wav", call(TURNS[:2]))
    (meetings / "empty.mp4").touch()
    (meetings / "text.mp4").write_text("Dear diary, nothing was recorded today.\n" * 40)
    (meetings / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    arguments = ("--bundle", bundle, "--recogniser", "sphinx", "--jobs", "2")
    done = _replay(meetings, *arguments, "-o", out / "{name}.jsonl", "-o", out / "{name}.html")
    assert done.returncode == 1
    assert "3 of 5" in done.stderr
    told = " ".join(done.stdout.split())
    assert "empty.mp4 is empty" in told
    assert "text.mp4 is not a recording that can be read" in told
    assert "There is no file" in told
    assert "monday.wav: 2 utterances" in told
    assert f"{ODD}.wav: 2 utterances" in told
    assert "Traceback" not in done.stdout + done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        *(f"{ODD}.html", f"{ODD}.jsonl", "monday.html", "monday.jsonl"),
    ]
    assert len(read_jsonl(out / f"{ODD}.jsonl").utterances) == 2


def test_several_recordings_do_not_fit_one_file_nor_the_page(recording: Path, tmp_path: Path) -> None:
    for arguments in (("-o", tmp_path / "all.jsonl"), ("--serve",)):
        done = _replay(recording, recording, *arguments)
        assert done.returncode == 1
        assert "recording" in done.stderr
        assert "Traceback" not in done.stderr
