"""Corpora of a few generated items in their official layouts, and a base model of a few thousand random weights."""

import csv
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import BertConfig, BertModel

from engine.labels import EMOTIONS
from tests.bundles import tiny_tokenizer
from training.corpora import dailydialog, emorynlp, iemocap

WORDS = ("fine", "great", "what", "no", "sorry", "help", "ugh")


def write_corpora(root: Path) -> Path:
    """All corpora of the stages, with every emotion in each share."""
    _write_meld(root / "meld", "train", dialogues=6)
    _write_meld(root / "meld", "dev", dialogues=4)
    for actor in (1, 17, 19):
        for code in range(1, 9):
            write_tone(root / "ravdess" / f"Actor_{actor:02}" / f"03-01-{code:02}-01-01-01-{actor:02}.wav", code)
    for speaker in ("KD0", "EB0", "WR0"):
        for code, emotion in enumerate(("neutral", "happiness", "surprised", "anger", "sadness", "fear")):
            write_tone(root / "nemo" / f"{speaker}_{emotion}_1.wav", code)
    for speaker in ("OAF", "YAF"):
        for code, emotion in enumerate(("neutral", "happy", "ps", "angry", "sad", "fear", "disgust")):
            write_tone(root / "tess" / f"{speaker}_back_{emotion}.wav", code)
    for split in ("train", "dev"):
        _write_text_corpora(root, split)
    write_faces(root / "fer2013", "train", 70)
    write_faces(root / "fer2013", "dev", 28)
    return root


def _write_meld(folder: Path, split: str, dialogues: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{split}_sent_emo.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Sr No.", "Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID"])
        for dialogue in range(dialogues):
            for turn in range(7):
                label = (dialogue + turn) % 7
                row = [0, f"{WORDS[label]}, {WORDS[label]}!", ("Ann", "Bob", "Cy")[turn % 3], EMOTIONS[label]]
                writer.writerow([*row, "", dialogue, turn])


def _write_text_corpora(root: Path, split: str) -> None:
    """GoEmotions, EmoryNLP, DailyDialog and IEMOCAP: two dialogues of as many turns as there are labels."""
    for corpus in ("goemotions", "emorynlp", "dailydialog", "iemocap_text"):
        (root / corpus).mkdir(parents=True, exist_ok=True)
    comments = "".join(f"{WORDS[i % 7]} {i}\t{i},{(i + 1) % 28}\tid{i}\n" for i in range(28))
    (root / "goemotions" / f"{split}.tsv").write_text(comments, encoding="utf-8")
    scenes = [
        [word, f"['{'AB'[i % 2]}']", label, scene, i, 1, 1]
        for scene in (1, 2)
        for i, (word, label) in enumerate(zip(WORDS, emorynlp.LABELS, strict=True))
    ]
    head = ["Utterance", "Speaker", "Emotion", "Scene_ID", "Utterance_ID", "Season", "Episode"]
    _write_csv(root / "emorynlp" / f"{split}.csv", head, scenes)
    turns = [
        {"speaker": "AB"[i % 2], "utterance": word, "emotion": label}
        for i, (word, label) in enumerate(zip(WORDS, dailydialog.LABELS, strict=True))
    ]
    (root / "dailydialog" / f"{split}.json").write_text(
        json.dumps({"tr_1": [turns], "tr_2": [turns]}), encoding="utf-8"
    )
    said = [
        [f"{WORDS[i]}!", f"Ses01F_impro0{dialogue}_{'FM'[i % 2]}00{i}", label]
        for dialogue in (1, 2)
        for i, label in enumerate(iemocap.LABELS)
    ]
    _write_csv(root / "iemocap_text" / f"IEMOCAP_{split}.csv", ["Utterance", "Speaker", "Emotion"], said)


def _write_csv(path: Path, head: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def write_tone(path: Path, code: int) -> None:
    """Half a second of a tone at 16 kHz, higher for a higher code."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(8_000) / 16_000
    pcm = (np.sin(2 * np.pi * (150 + 100 * code) * time) * 12_000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(pcm.tobytes())


def write_faces(folder: Path, split: str, count: int) -> None:
    """Flat pictures of seven brightnesses, ten votes each for their own emotion."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ["neutral", "happy", "surprise", "angry", "sad", "fear", "disgust"]
    voted = ["neutral", "happiness", "surprise", "anger", "sadness", "fear", "disgust"]
    labels = np.arange(count) % 7
    ramp = np.linspace(0, 60, 48, dtype=np.uint8)
    images = (labels[:, None, None] * 25 + ramp[None, None, :]).astype(np.uint8).repeat(48, axis=1)
    votes = np.zeros((count, 10), dtype=np.uint8)
    votes[np.arange(count), labels] = 10
    vote_names = np.array([*voted, "contempt", "unknown", "not_a_face"])
    np.savez(
        folder / f"{split}.npz", images=images, labels=labels, names=np.array(names), votes=votes, vote_names=vote_names
    )


def write_base(folder: Path) -> Path:
    """A Hugging Face folder under `folder`/model, as a package that carries a base model has it."""
    tokenizer, model = tiny_tokenizer(), folder / "model"
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=96, **shape)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        BertModel(config, add_pooling_layer=False).save_pretrained(model)
    tokenizer.save(str(model / "tokenizer.json"))
    return model


def write_configs(folder: Path, base: Path) -> Path:
    """One epoch of everything, tiny."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = "[plan]\nepochs = 1\nbatch = 8\nrate = 1e-3\n"
    text = f"{plan}[text]\nbase = {json.dumps(str(base))}\n"
    voice = "[student]\nhidden = 8\nheads = 2\nembedding = 8\n"
    student = "[student]\nchannels = [4, 4, 8, 8]\nembedding = 8\n"
    fusion = (
        "[fusion]\nwidth = 16\nheads = 2\nvoice_f1 = 0.01\nface_f1 = 0.01\nlying = 0.1\n[distillation]\n[imbalance]\n"
    )
    for stage, content in {
        "warm": text,
        "teachers": f"turns = [2, 4]\n{text}start = 'warm'\n",
        "text": f"{text}start = 'warm'\nteach = 0.5\nrelation = 0.1\nemorynlp = true\n",
        "iemocap": f"{text}start = 'warm'\n",
        "audio": f"{plan}{voice}[audio]\ntuned = 0.8\n[soundscape]\n",
        "video": f"{plan}{student}[video]\n",
        "fusion": f"seeds = [1, 2]\n{plan}{fusion}",
        "imbalance": "seeds = [1]\nepochs = 1\n[remedies.nothing]\n[remedies.adjusted]\nadjust = 1.0\n",
        "left_out": "corpora = ['ravdess']\nepochs = 1\nrate = 1e-4\n",
        "distillation": "seeds = [1]\nfaces = 70\n[voice]\nepochs = 1\n[face]\nepochs = 1\n"
        "[terms.both]\nlogit = 0.1\nfeature = 1.0\n",
    }.items():
        (folder / f"{stage}.toml").write_text(content, encoding="utf-8")
    return folder
