"""Anyone's own clips, the voice corpora, and faces with two labels."""

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from engine.bundle import Bundle
from engine.labels import EMOTIONS
from engine.students import StudentOutput
from tests.tiny_corpora import write_tone
from tests.tiny_media import write_film
from training.corpora.clipfile import read_clip_file
from training.corpora.faces import VOTES, Faces, read_faces
from training.corpora.voices import read_voices
from training.evaluation import clips as clips_module
from training.evaluation.clips import clips_of, score_clips
from training.evaluation.faces import score_faces
from training.evaluation.mesh import FaceFinder
from training.evaluation.recordings import read_picture, read_sound
from training.evaluation.scores import CannotScore, Scores
from training.evaluation.students import Spoken, voice_outputs

pictures = pytest.importorskip("skimage.data", reason="scikit-image brings a portrait: pip install 'undertone[sample]'")


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return Bundle.load(tiny_bundle)


def write_list(path: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "speaker"), *rows])
    return path


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """Six tones of three labels by two speakers."""
    rows = []
    for code, label in enumerate(("joy", "anger", "neutral") * 2):
        write_tone(tmp_path / f"{code}.wav", code)
        rows.append((f"{code}.wav", label, f"speaker {code % 2}"))
    return write_list(tmp_path / "tones.csv", rows)


def portrait(path: Path) -> Path:
    cv2.imwrite(str(path), cv2.cvtColor(pictures.astronaut(), cv2.COLOR_RGB2BGR))
    return path


def rows_of(scores: Scores) -> list[list[int]]:
    table = scores["confusion"]
    assert isinstance(table, list)
    return [[int(str(n)) for n in row] for row in table if isinstance(row, list)]


def test_sounds_are_read_by_the_voice_student_among_the_labels_of_the_file(bundle: Bundle, tones: Path) -> None:
    clips = read_clip_file(tones)
    scores = score_clips(bundle, clips)
    chosen = [EMOTIONS.index(label) for label in ("neutral", "joy", "anger")]
    logits = voice_outputs(bundle, [(c.speaker, read_sound(c.path)) for c in clips]).logits[:, chosen]
    true = torch.tensor([chosen.index(clip.label) for clip in clips])
    assert scores["labels"] == ["neutral", "joy", "anger"]
    assert (scores["n"], scores["speakers"], scores["kinds"]) == (6, 2, {"sound": 6})
    assert scores["accuracy"] == pytest.approx(float((logits.argmax(dim=1) == true).float().mean()))
    assert scores["chance_uar"] == pytest.approx(1 / 3)


def test_all_seven_labels_can_be_asked_for(bundle: Bundle, tones: Path) -> None:
    scores = score_clips(bundle, read_clip_file(tones), every_label=True)
    assert scores["labels"] == list(EMOTIONS)
    assert [sum(row) for row in rows_of(scores)] == [2, 2, 0, 2, 0, 0, 0]


def test_the_clips_of_a_speaker_are_heard_in_the_files_order(
    bundle: Bundle, tones: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def listen(some: Bundle, spoken: Sequence[Spoken]) -> StudentOutput:
        said = list(spoken)
        heard.extend(speaker for speaker, _ in said)
        return voice_outputs(some, said)

    monkeypatch.setattr(clips_module, "voice_outputs", listen)
    clips = read_clip_file(tones)
    score_clips(bundle, clips)
    assert heard == [clip.speaker for clip in clips]


def test_clips_in_any_batch_are_read_as_if_alone(bundle: Bundle) -> None:
    rng = np.random.default_rng(0)
    said = [("ann", rng.normal(0, 0.1, rng.integers(5_000, 20_000)).astype(np.float32)) for _ in range(20)]
    alone = torch.cat([voice_outputs(bundle, [one]).logits for one in said])
    torch.testing.assert_close(voice_outputs(bundle, iter(said)).logits, alone, rtol=1e-4, atol=1e-4)


def test_a_very_short_sound_is_long_enough_for_the_engine(tmp_path: Path) -> None:
    write_tone(tmp_path / "long.wav", 1)
    head = (tmp_path / "long.wav").read_bytes()[: 44 + 2 * 800]
    (tmp_path / "short.wav").write_bytes(head)
    assert len(read_sound(tmp_path / "short.wav")) == 4_800


def test_pictures_are_read_by_the_face_student(bundle: Bundle, tmp_path: Path) -> None:
    portrait(tmp_path / "face.png")
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((300, 400, 3), 90, np.uint8))
    cv2.imwrite(str(tmp_path / "crop.png"), np.random.default_rng(0).integers(0, 255, (48, 48), np.uint8))
    rows = [("face.png", "joy", "a"), ("wall.png", "anger", "b"), ("crop.png", "sadness", "c")]
    scores = score_clips(bundle, read_clip_file(write_list(tmp_path / "list.csv", rows)), every_label=True)
    assert (scores["n"], scores["kinds"], scores["no_face"]) == (3, {"picture": 3}, 1)
    assert rows_of(scores)[EMOTIONS.index("anger")][0] == 1, "without a face, neutral"


def test_a_picture_that_was_cut_out_already_is_taken_as_it_is(tmp_path: Path) -> None:
    crop = np.random.default_rng(0).integers(0, 255, (48, 48), np.uint8)
    cv2.imwrite(str(tmp_path / "crop.png"), crop)
    with FaceFinder() as finder:
        read = read_picture(tmp_path / "crop.png", finder)
    assert np.abs(read[0].astype(int) - crop).max() <= 1


def test_a_face_that_fills_its_picture_is_found_and_the_largest_is_taken(tmp_path: Path) -> None:
    image = pictures.astronaut()
    scene = np.zeros((400, 700, 3), np.uint8)
    scene[:300, :300] = image[:300, 100:400]
    small = cv2.resize(image[20:260, 100:340], (170, 170))
    scene[200:370, 500:670] = small
    with FaceFinder() as finder:
        alone = finder.find(np.ascontiguousarray(image[:300, 100:400]))
        largest = finder.find(scene)
        close = finder.find_in_picture(np.ascontiguousarray(image[60:190, 165:280]))
    assert alone is not None
    assert largest is not None
    assert close is not None
    assert np.corrcoef(alone.ravel(), largest.ravel())[0, 1] > 0.9
    assert np.corrcoef(alone.ravel(), close.ravel())[0, 1] > 0.8


def test_videos_are_fused_from_all_that_they_hold(bundle: Bundle, tmp_path: Path) -> None:
    write_film(tmp_path / "talk.mp4")
    write_film(tmp_path / "mute.mp4", sound=False)
    write_tone(tmp_path / "tone.wav", 3)
    rows = [("talk.mp4", "joy", "a"), ("mute.mp4", "sadness", "a"), ("tone.wav", "joy", "b")]
    scores = score_clips(bundle, read_clip_file(write_list(tmp_path / "list.csv", rows)))
    assert scores["kinds"] == {"sound": 1, "video": 2}
    assert scores["no_face"] == 2
    assert scores["note"] == "words are not read"
    subsets, by_kind = scores["subsets"], scores["by_kind"]
    assert isinstance(subsets, dict)
    assert isinstance(by_kind, dict)
    assert (list(subsets), list(by_kind)) == (["audio"], ["sound", "video"])


@pytest.mark.parametrize("name", ["broken.wav", "broken.png", "broken.mp4"])
def test_a_file_that_can_not_be_decoded_is_named(bundle: Bundle, tones: Path, name: str) -> None:
    (tones.parent / name).write_bytes(b"nothing of the kind" * 9)
    with tones.open("a") as file:
        file.write(f"{name},joy,someone\n")
    with pytest.raises((CannotScore, FileNotFoundError), match=name):
        score_clips(bundle, read_clip_file(tones))


def test_clips_of_one_label_alone_are_no_choice(bundle: Bundle, tones: Path) -> None:
    clips = [clip for clip in read_clip_file(tones) if EMOTIONS[clip.label] == "joy"]
    with pytest.raises(CannotScore, match="--labels all"):
        score_clips(bundle, clips)
    assert score_clips(bundle, clips, every_label=True)["n"] == 2


def test_a_voice_corpus_is_scored_on_speakers_that_the_student_never_heard(bundle: Bundle, tiny_data: Path) -> None:
    voices = read_voices(tiny_data)
    for corpus in ("ravdess", "nemo"):
        clips = clips_of(voices, corpus, "dev")
        kept = {c.speaker for c in voices if c.corpus == corpus and c.share != "student"}
        assert {clip.speaker for clip in clips} == kept
        assert score_clips(bundle, clips)["n"] == len(clips) > 0


def test_faces_are_scored_by_votes_and_by_their_own_labels(bundle: Bundle, tiny_data: Path) -> None:
    faces = read_faces(tiny_data, "dev")
    votes = faces.votes.clone()
    votes[:3] = 0.0
    votes[0, 8] = votes[1, 9] = 10.0  # unknown, not a face
    votes[2, :2] = 5.0  # nobody has more than half
    votes[3] = 0.0
    votes[3, 7] = 10.0  # contempt
    scores = score_faces(bundle, Faces(faces.images, votes, faces.original))
    ferplus, original = scores["ferplus"], scores["original"]
    assert isinstance(ferplus, dict)
    assert isinstance(original, dict)
    assert (scores["n"], ferplus["n"], original["n"], scores["not_scored"]) == (25, 25, 28, 3)
    assert (scores["labels"], original["labels"]) == (list(VOTES), list(EMOTIONS))
    assert scores["accuracy"] == ferplus["accuracy"]
    assert scores["accuracy_original"] == original["accuracy"]
    assert sum(rows_of(scores)[7]) == 1
