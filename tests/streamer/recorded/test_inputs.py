"""From what is given on the command line to recordings, and through the pipeline."""

from pathlib import Path

import pytest

from streamer.exports import ExportError
from streamer.recorded.inputs import open_recording, recordings
from streamer.recorded.outputs import outputs_of
from streamer.recorded.request import Request
from streamer.recorded.run import replay_recording
from streamer.samples import SAMPLE, TRANSCRIPT
from streamer.sources.media import MediaError
from tests.recordings import TURNS, spans, webvtt
from tests.streamer.recorded.watching import Watching


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.MP4", "a.wav", "a.mkv", "notes.txt", "a.vtt", ".hidden.wav", "events.jsonl"):
        (tmp_path / name).touch()
    return tmp_path


def test_each_file_is_a_recording_and_a_folder_stands_for_those_in_it(folder: Path) -> None:
    found = recordings([folder, folder / "notes.txt"])
    assert [one.name for one in found] == ["a.mkv", "a.wav", "b.MP4", "notes.txt"]


def test_together_files_are_one_recording_with_a_participant_each(folder: Path) -> None:
    (one,) = recordings([folder, folder / "a.wav"], together=True, offsets=["b.MP4=1.5", "a.mkv=-2"])
    assert one.participants == ("a", "a-2", "b", "a-3")
    assert one.offsets == (-2.0, 0.0, 1.5, 0.0)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"offsets": ["a.wav=1"]}, "--together"),
        ({"together": True, "offsets": ["c.wav=1"]}, "no file"),
        ({"together": True, "offsets": ["a=1"]}, "more than one"),
        ({"together": True, "offsets": ["b.MP4=soon"]}, "NAME=SECONDS"),
        ({"together": True, "offsets": ["b.MP4=nan"]}, "NAME=SECONDS"),
        ({"together": True, "channels": "split"}, "no channels are split"),
        ({"transcript": "a.vtt"}, "one by one"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(given: dict[str, object], says: str, folder: Path) -> None:
    with pytest.raises(MediaError, match=says):
        recordings([folder], **given)  # type: ignore[arg-type]


def test_a_folder_without_recordings_says_so(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no recording"):
        recordings([tmp_path])


def test_the_samples_own_transcript_is_read_only_where_it_is_given() -> None:
    (sample,) = recordings([Path("sample")])
    assert open_recording(sample).words_from is None
    (told,) = recordings([Path("sample")], transcript=TRANSCRIPT)
    opened = open_recording(told)
    assert (opened.source.info.speakers, opened.source.name) == (("Maya", "Ben"), SAMPLE.name)


def test_several_recordings_are_written_under_their_own_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    found = recordings([folder])
    outputs = outputs_of(found, [Path("out/{name}.jsonl"), Path("{name}.vtt")])
    assert outputs[2] == (Path("out/b.jsonl"), Path("b.vtt"))
    assert [one[0].name for one in outputs] == ["a.mkv.jsonl", "a.wav.jsonl", "b.jsonl"]
    with pytest.raises(ExportError, match=r"\{name\}\.vtt"):
        outputs_of(found, [Path("all.vtt")])
    assert outputs_of(found[:1], [Path("all.vtt")]) == [(Path("all.vtt"),)]


def test_where_they_cannot_all_be_written_is_said_once_and_at_once(folder: Path) -> None:
    found = recordings([folder])
    with pytest.raises(ExportError, match="names no format"):
        outputs_of(found, [folder / "out" / "{name}.docx"])
    assert not (folder / "out").exists()
    outputs_of(found, [folder / "out" / "{name}.jsonl"])
    assert (folder / "out").is_dir()


async def test_participants_files_read_as_the_call_that_they_are_of(
    recording: Path, participants: tuple[Path, Path], bundle: Path
) -> None:
    (stereo,) = recordings([recording])
    (files,) = recordings(list(participants), together=True, offsets=["ben=1.0"])
    one, other = Watching(), Watching()
    await replay_recording(Request(stereo, bundle=str(bundle), recogniser="none"), one)
    await replay_recording(Request(files, bundle=str(bundle), recogniser="none"), other)
    assert {body.participant for body in other.readings} == {"ann", "ben"}
    assert [body.probabilities for body in one.readings] == [body.probabilities for body in other.readings]
    assert [body.start for body in one.readings] == pytest.approx([body.start for body in other.readings], abs=1e-3)


@pytest.mark.parametrize("mixed", [True, False])
async def test_a_transcript_gives_speakers_boundaries_and_words(
    mixed: bool, recording: Path, bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "said.vtt").write_text(webvtt(spans()))
    (one,) = recordings([recording], transcript=tmp_path / "said.vtt", channels="mixed" if mixed else "auto")
    watching = Watching()
    await replay_recording(Request(one, bundle=str(bundle), recogniser="sphinx"), watching)
    told = [(body.participant, body.start, body.end, watching.words[body.utterance]) for body in watching.readings]
    assert told == spans()
    assert watching.told is not None
    assert (watching.told.words_from, watching.told.recogniser) == ("said.vtt", "transcript")
    assert all(set(body.modalities) == {"text", "audio"} for body in watching.readings)
    assert [text for *_, text in told] == [text for _, text in TURNS]


async def test_the_transcript_that_is_read_is_never_written_over(recording: Path, bundle: Path, tmp_path: Path) -> None:
    said = tmp_path / "said.vtt"
    said.write_text(webvtt(spans()))
    (one,) = recordings([recording], transcript=said)
    with pytest.raises(ExportError, match=r"said\.vtt is read for this replay"):
        await replay_recording(Request(one, (said,), bundle=str(bundle)), Watching())
    assert said.read_text() == webvtt(spans())
