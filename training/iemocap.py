"""The six-label text student as a bundle of its own, kept apart from the default one."""

from pathlib import Path
from string import Template

from engine.textbundle import TextBundle, save_text_bundle
from training import pools
from training.calibrate import choose_adjustment, fit_temperature
from training.corpora.iemocap import LABELS, read_iemocap
from training.evaluation.dialogues import score_text
from training.evaluation.scores import Scores
from training.evaluation.turns import without_punctuation
from training.stages import CONFIGS, read_config
from training.text import TextSettings, make_rows, read_rows
from training.trained import label_prior, settle

_CARD = Path(__file__).parent / "card_iemocap.md"


def export(data: Path, runs: Path, folder: Path, configs: Path = CONFIGS) -> TextBundle:
    """Settles the head on dev, writes the bundle, judges it as it was written, and writes its card."""
    tables = read_config("iemocap", configs)
    settings = TextSettings(**tables["text"])
    student = pools.load_text(runs / "iemocap")
    prompt = pools.load_prompt(runs / "iemocap", settings.turns, settings.max_tokens)
    train, dev = read_iemocap(data, "train"), read_iemocap(data, "dev")
    rows, prior = make_rows(dev, prompt), label_prior(train, len(LABELS))
    logits = read_rows(student, prompt, rows.rows).logits
    adjust = choose_adjustment(logits, rows.labels, prior)
    shift = -adjust * prior.log()
    settle(student.head, fit_temperature(logits + shift, rows.labels), shift)

    def save(scores: Scores, card: str) -> TextBundle:
        save_text_bundle(
            folder,
            name=folder.name,
            labels=LABELS,
            student=student,
            tokenizer_json=(runs / "iemocap" / "tokenizer.json").read_text(encoding="utf-8"),
            turns=settings.turns,
            max_tokens=settings.max_tokens,
            temperature=1.0,
            training={"configs": {"warm": read_config("warm", configs), "iemocap": tables}, "adjust": adjust},
            scores=scores,
            card=card,
        )
        return TextBundle.load(folder)

    written = save({}, "# Not judged yet\n")
    scores: Scores = {"text": score_text(written, dev), "text_plain": score_text(written, without_punctuation(dev))}
    return save(scores, _card(folder.name, scores))


def _card(name: str, scores: Scores) -> str:
    rows = []
    for title, part in (("as transcribed", "text"), ("without case and punctuation", "text_plain")):
        row = scores[part]
        assert isinstance(row, dict)  # noqa: S101 - made above
        values = [row[key] for key in ("weighted_f1", "macro_f1", "accuracy", "ece")]
        cells = [title, str(row["n"]), *(f"{100 * value:.1f}" for value in values if isinstance(value, float))]
        rows.append(f"| {' | '.join(cells)} |")
    return Template(_CARD.read_text(encoding="utf-8")).substitute(name=name, rows="\n".join(rows))
