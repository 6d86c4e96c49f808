"""The students of a bundle on dev, as stored: the figures that go into it and onto its card."""

from engine.bundle import Bundle
from engine.labels import EMOTIONS
from training.audio import read_clips
from training.evaluation.dialogues import score_text
from training.evaluation.faces import score_faces
from training.evaluation.scores import Scores, among, figures
from training.evaluation.turns import without_punctuation
from training.trained import Corpora


def score_students(bundle: Bundle, corpora: Corpora) -> Scores:
    """`text` and `text_plain` on MELD dev, `voice` by corpus on the speakers kept from the student, `face`."""
    voices = corpora.voices
    kept = [i for i, clip in enumerate(voices.clips) if clip.share != "student"]
    voice: Scores = {}
    for corpus in sorted({voices.clips[i].corpus for i in kept}):
        mine = [i for i in kept if voices.clips[i].corpus == corpus]
        true = voices.labels[mine]
        chosen = sorted(set(true.tolist()))
        logits = read_clips(bundle.audio, voices, mine).logits
        rows, few, names = among(true, logits, EMOTIONS, chosen)
        voice[corpus] = {**figures(rows, few, names), "speakers": len({voices.clips[i].speaker for i in mine})}
    return {
        "text": score_text(bundle, corpora.dev),
        "text_plain": score_text(bundle, without_punctuation(corpora.dev)),
        "voice": voice,
        "face": score_faces(bundle, corpora.faces),
    }
