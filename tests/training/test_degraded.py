"""Each degradation does what its name says, and the clean rows are the plain evaluation's."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng
from rich.console import Console
from typer.testing import CliRunner

from engine.bundle import Bundle
from engine.prompt import Turn
from streamer.recognise import sphinx
from tests.bundles import write_tiny_bundle
from tests.tiny_corpora import write_corpora
from training.corpora.clipfile import ClipRow
from training.corpora.dialogue import Dialogue
from training.corpora.faces import read_faces
from training.corpora.meld import read_meld
from training.corpora.voices import Clip, read_voices
from training.evalcli import evaluate
from training.evaluation.clips import score_clips
from training.evaluation.degraded import face, pictures, recogniser, sound, voice
from training.evaluation.degraded.recogniser import NoVoice, find_ffmpeg, recognise
from training.evaluation.degraded.run import CACHE, degraded, parts_of
from training.evaluation.degraded.table import beside, show
from training.evaluation.degraded.words import score_words, without_apostrophes, word_error_rate
from training.evaluation.dialogues import score_text
from training.evaluation.faces import score_faces
from training.evaluation.mesh import FaceFinder
from training.evaluation.scores import CannotScore, Scores
from training.evaluation.students import Pcm

RATE = 16_000


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return Bundle.load(write_tiny_bundle(tmp_path_factory.mktemp("bundle")))


def buzz(seconds: float = 2.0) -> Pcm:
    """Like a voice: harmonics of 120 Hz that swell four times a second."""
    time = np.arange(int(seconds * RATE)) / RATE
    waves = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 25))
    swell: Pcm = (0.1 * waves * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time))).astype(np.float32)
    return swell


def decibels(power: float) -> float:
    return 10 * float(np.log10(power))


def tone(hertz: float) -> Pcm:
    pcm: Pcm = np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE).astype(np.float32)
    return pcm


@pytest.mark.parametrize("snr", [10.0, 20.0])
@pytest.mark.parametrize("kind", ["white", "babble"])
def test_noise_lies_as_far_under_the_voice_as_it_says(snr: float, kind: str) -> None:
    pcm, rng = buzz(), default_rng(0)
    others = [tone(300.0), tone(500.0)[:4_000]]
    noise = sound.white(len(pcm), rng) if kind == "white" else sound.babble(len(pcm), others, rng)
    added = sound.with_noise(pcm, noise, snr) - pcm
    assert decibels(np.square(pcm).mean() / np.square(added).mean()) == pytest.approx(snr, abs=0.05)


def test_babble_is_never_of_the_speaker_alone_or_at_all() -> None:
    heard: list[voice.Heard] = []

    def listen(clip: voice.Heard) -> Pcm:
        heard.append(clip)
        return clip.pcm

    clips = [Clip(Path("a"), "nemo-A", 0), Clip(Path("b"), "nemo-B", 1)]
    pool = [("nemo-A", tone(300.0)), ("nemo-B", tone(400.0)), ("nemo-C", tone(500.0))]
    list(voice._spoken(clips, [buzz(), buzz()], pool, "listening", listen))
    assert [[any(other is pcm for other in one.others) for _, pcm in pool] for one in heard] == [
        [False, True, True],
        [True, False, True],
    ]
    with pytest.raises(CannotScore, match="one speaker only"):
        list(voice._spoken(clips[:1], [buzz()], pool[:1], "listening", listen))


@pytest.mark.parametrize("rt60", [0.4, 0.8])
def test_a_room_fades_by_60_decibels_in_its_time_and_echoes_as_loud_as_the_voice(rt60: float) -> None:
    response = sound.impulse_response(rt60, default_rng(0)).astype(np.float64)
    assert np.square(response[1:]).sum() == pytest.approx(response[0] ** 2, rel=1e-3)
    left = np.cumsum(np.square(response[1:])[::-1])[::-1]  # Schroeder's backward integration
    fallen = 10 * np.log10(left / left[0])
    early, late = np.argmax(fallen < -5.0), np.argmax(fallen < -25.0)
    assert 3 * (late - early) / RATE == pytest.approx(rt60, rel=0.1)
    wet = sound.in_room(buzz(), response.astype(np.float32))
    assert len(wet) == len(buzz()) + len(response) - 1
    assert np.square(wet[len(buzz()) :]).mean() > 0


def test_a_low_microphone_leaves_few_steps_and_a_high_one_cuts_the_peaks() -> None:
    low = sound.quieter(buzz(), 20.0)
    assert decibels(np.square(low).mean() / np.square(buzz()).mean()) == pytest.approx(-20.0, abs=0.1)
    assert np.abs(low * 32767 - np.rint(low * 32767)).max() < 1e-2
    high = sound.clipped(buzz(), 12.0)
    assert np.abs(high).max() == 1.0
    at_the_edge = np.abs(high) >= 1.0
    assert 0.02 < at_the_edge.mean() < 0.8
    assert np.all(np.abs(buzz()[at_the_edge]) >= np.abs(buzz()).max() * 10 ** (-12 / 20) - 1e-6)


def test_cut_takes_its_share_from_each_end() -> None:
    pcm = np.arange(1_000, dtype=np.float32)
    assert sound.cut(pcm, 0.2).tolist() == pcm[200:800].tolist()


@pytest.mark.parametrize(("hertz", "kept"), [(150.0, False), (400.0, True), (3_000.0, True), (5_000.0, False)])
def test_a_telephone_keeps_300_to_3400_hertz(hertz: float, kept: bool) -> None:
    level = decibels(np.square(sound.telephone(tone(hertz))).mean() / np.square(tone(hertz)).mean())
    assert (level > -1.0) if kept else (level < -35.0)


def test_opus_changes_the_sound_more_at_a_lower_rate_and_keeps_its_length_and_place() -> None:
    pcm = buzz()[: 2 * RATE - 77]  # no whole number of packets

    def error(rate: int) -> float:
        heard = sound.opus(pcm, rate)
        assert heard.shape == pcm.shape
        assert heard.dtype == np.float32
        size = 2 * len(pcm)
        shift = int(np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(pcm, size)), size).argmax())
        assert min(shift, size - shift) <= 2
        spectra = (np.log10(np.abs(np.fft.rfft(each))[: 2 * 4_000] + 1e-2) for each in (heard, pcm))
        return float(np.abs(np.subtract(*spectra)).mean())

    low, middle, high = error(8_000), error(16_000), error(64_000)
    assert low > middle > high > 0.0


def test_a_bar_is_grey_and_covers_nothing_else() -> None:
    picture = default_rng(0).integers(0, 100, (48, 48)).astype(np.uint8)
    for rows in (pictures.EYES, pictures.MOUTH):
        out = pictures.covered(picture, rows)
        assert np.all(out[rows] == pictures.GREY)
        untouched = np.ones(48, bool)
        untouched[rows] = False
        assert np.array_equal(out[untouched], picture[untouched])
    assert picture.max() < pictures.GREY  # the picture that was given is as it was


def test_moving_and_turning_repeat_the_edge() -> None:
    picture = default_rng(0).integers(0, 255, (48, 48)).astype(np.uint8)
    right = pictures.moved(picture, 5, 0)
    assert np.array_equal(right[:, 5:], picture[:, :-5])
    assert np.array_equal(right[:, :5], picture[:, :1].repeat(5, axis=1))
    assert np.array_equal(pictures.turned(picture, 90.0), np.rot90(picture))
    flat = np.full((48, 48), 7, np.uint8)
    assert np.array_equal(pictures.turned(flat, 15.0), flat)


def test_facemesh_finds_a_face_of_48_pixels_again_and_none_where_there_is_none() -> None:
    portraits = pytest.importorskip("skimage.data", reason="the portrait comes with scikit-image (extra 'sample')")
    with FaceFinder() as finder:
        crop = finder.find(portraits.astronaut())
        assert crop is not None
        again = pictures.found_again(crop, finder)
        assert again is not None
        assert again.shape == (48, 48)
        assert np.corrcoef(again.ravel(), crop.ravel())[0, 1] > 0.9
        assert pictures.found_again(np.full((48, 48), 90, np.uint8), finder) is None


def test_clean_voices_are_judged_as_by_the_plain_evaluation(bundle: Bundle, corpora: Path) -> None:
    voices = read_voices(corpora)
    rows = voice.score_voices(bundle, voices)
    assert list(rows) == list(voice.CONDITIONS)
    kept = [clip for clip in voices if clip.share != "student"]
    for corpus in ("nemo", "ravdess"):
        clips = [ClipRow(c.path, c.label, c.speaker, "sound") for c in kept if c.corpus == corpus]
        assert rows["clean"][f"uar_{corpus}"] == score_clips(bundle, clips)["uar"]
    assert {row["n"] for row in rows.values()} == {len(kept)}
    for row in rows.values():
        assert isinstance(difference := row["difference"], dict)
        assert set(difference) == {"uar", "uar_nemo", "uar_ravdess"}


def test_clean_faces_are_judged_as_by_the_plain_evaluation(bundle: Bundle, corpora: Path) -> None:
    faces = read_faces(corpora, "dev")
    rows = face.score_pictures(bundle, faces)
    assert list(rows) == list(face.CONDITIONS)  # no face is found in flat pictures: no row for FaceMesh
    assert rows["clean"]["accuracy"] == score_faces(bundle, faces)["accuracy"]


def test_found_faces_are_compared_with_the_same_pictures_clean(
    bundle: Bundle, corpora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = read_faces(corpora, "dev")
    monkeypatch.setattr(face, "found_again", lambda image, _finder: image[:, ::-1] if image[0, 0] < 100 else None)
    rows = face.score_pictures(bundle, faces)
    assert 0 < int(str(rows["facemesh"]["n"])) < len(faces.images)
    assert rows["facemesh"]["n"] == rows["clean_where_mesh_found"]["n"]
    expected = beside(rows["facemesh"], rows["clean_where_mesh_found"], ("accuracy",))
    assert rows["facemesh"]["difference"] == expected["difference"]


def test_clean_words_are_judged_as_by_the_plain_evaluation(bundle: Bundle, corpora: Path) -> None:
    dialogues = read_meld(corpora, "dev")
    rows = score_words(bundle, dialogues, 2)
    assert list(rows) == ["clean", "plain", "without_apostrophes"]
    plain = score_text(bundle, dialogues[:2])
    assert {name: rows["clean"][name] for name in plain} == plain
    assert rows["clean"]["difference"] == {"weighted_f1": 0.0, "macro_f1": 0.0}


def test_words_lose_case_punctuation_and_apostrophes() -> None:
    assert without_apostrophes("Don’t, Joey! It's OK.") == "dont joey its ok"


@pytest.mark.parametrize(
    ("said", "heard", "rate"),
    [
        ("You’re fine, Joey!", "you're fine joey", 0.0),
        ("one two three four", "one too three", 0.5),
        ("yes", "oh yes please", 2.0),
        ("gone", "", 1.0),
        ("", "", 0.0),
    ],
)
def test_the_word_error_rate_counts_edits_over_the_words_said(said: str, heard: str, rate: float) -> None:
    assert word_error_rate([said], [heard]) == pytest.approx(rate)


def test_without_ffmpeg_the_recognised_row_is_left_out_and_that_is_said(
    bundle: Bundle, corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    result = degraded(bundle, corpora, tmp_path, ["words"], limit=1)
    assert "recognised" not in result.parts["words"]
    (sentence,) = result.left_out
    assert "ffmpeg is not installed" in sentence


def test_an_ffmpeg_without_flite_is_told_from_a_missing_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mute = tmp_path / "ffmpeg"
    mute.write_text("#!/bin/sh\necho ' ... sine  |->A  a tone'\n")
    mute.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoVoice, match="has no flite voices"):
        find_ffmpeg()


def test_a_damaged_cache_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / CACHE).write_text("{")
    with pytest.raises(CannotScore, match="delete it"):
        recognise([Dialogue("meld-0", (Turn(1, "no"),), (0,))], tmp_path / CACHE)


def test_what_flite_says_is_recognised_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        find_ffmpeg()
    except NoVoice as error:
        pytest.skip(str(error))
    dialogue = Dialogue("meld-0", (Turn(1, "I don’t know what you are talking about."), Turn(4, "...")), (0, 1))
    (heard,) = recognise([dialogue], tmp_path / CACHE)
    assert word_error_rate([dialogue.turns[0].text], [heard.turns[0].text]) < 0.5
    assert [turn.speaker for turn in heard.turns] == [1, 4]
    assert heard.turns[1].text == ""
    assert heard.labels == dialogue.labels
    monkeypatch.setenv("PATH", "")
    assert recognise([dialogue], tmp_path / CACHE) == [heard]
    other = Dialogue("meld-0", (Turn(1, "Something else."),), (0,))
    with pytest.raises(NoVoice):  # what is kept is of other words
        recognise([other], tmp_path / CACHE)
    monkeypatch.setattr(recogniser, "SETTINGS", {**recogniser.SETTINGS, "pl_window": 0})
    with pytest.raises(NoVoice):  # what is kept was heard otherwise
        recognise([dialogue], tmp_path / CACHE)


def test_words_are_recognised_as_the_streamer_does() -> None:
    assert recogniser.SETTINGS == sphinx.SETTINGS


def test_all_parts_are_judged_unless_one_is_asked_for() -> None:
    assert parts_of(None) == ("voice", "face", "words")
    assert parts_of("face") == ("face",)
    with pytest.raises(CannotScore, match="voice, face, words"):
        parts_of("smell")


def test_the_table_has_a_row_for_each_condition_with_its_difference() -> None:
    clean: Scores = {"n": 1_234, "accuracy": 0.75}
    blurred: Scores = {"n": 1_234, "accuracy": 0.5}
    rows = {"clean": beside(clean, clean, ["accuracy"]), "blur_half": beside(blurred, clean, ["accuracy"])}
    console = Console(width=100, record=True)
    show(console, {"face": rows})
    lines = console.export_text().splitlines()
    (line,) = (line for line in lines if "blur half" in line)
    assert "1,234" in line
    assert "50.0" in line
    assert "-25.0" in line


def test_the_command_writes_every_part_and_prints_what_is_left_out(
    corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny, output = write_tiny_bundle(tmp_path / "tiny"), tmp_path / "degraded.json"
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("COLUMNS", "200")
    given = ["--bundle", str(tiny), "--data", str(corpora), "--runs", str(tmp_path), "--threads", "1"]
    result = CliRunner().invoke(evaluate, ["--degraded", *given, "--limit", "1", "-o", str(output)])
    assert result.exit_code == 0, result.output
    written = json.loads(output.read_text(encoding="utf-8"))
    assert set(written) == {"bundle", "voice", "face", "words", "left_out"}
    assert all("clean" in written[part] for part in ("voice", "face", "words"))
    assert written["voice"]["noise_10db"]["difference"].keys() == {"uar", "uar_nemo", "uar_ravdess"}
    assert written["words"]["plain"]["difference"].keys() == {"weighted_f1", "macro_f1"}
    assert "recognised words is left out: ffmpeg is not installed" in result.stdout
    assert "opus 8kbit" in result.stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--only", "smell"], "--only smell is no part"),
        (["--corpus", "ravdess"], "--degraded has its own corpora"),
        (["--bundle", "a", "--bundle", "b"], "one bundle at a time"),
        (["--bundle", "no-such-bundle"], "no bundle 'no-such-bundle'"),
    ],
)
def test_what_does_not_go_with_degraded_is_said_in_a_sentence(options: list[str], sentence: str) -> None:
    result = CliRunner().invoke(evaluate, ["--degraded", *options, "--threads", "1"])
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.output
