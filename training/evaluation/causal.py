"""The offline causal pass: whole dialogues through MAGT at once, each turn seeing only what came before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from engine.bundle import Bundle
from engine.calibration import SUBSETS, subset_name
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.magt import Inputs, features
from engine.students import StudentOutput

_TOGETHER = 16  # dialogues in a batch


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """What the students say of the n turns of several dialogues, one after another.

    outputs: for each modality what its student says, [n, D] and [n, 7], anything finite where it is absent.
    present: bool [n, 3] in MODALITIES order. A turn without any is not part of its dialogue: live, there is none.
    speaker: long [n], from 0 by first appearance. sizes: turns of each dialogue.
    """

    outputs: Mapping[Modality, StudentOutput]
    present: Tensor
    speaker: Tensor
    sizes: Sequence[int]

    @property
    def modalities(self) -> list[Modality]:
        """Those that occur at all."""
        return [m for i, m in enumerate(MODALITIES) if bool(self.present[:, i].any())]

    @property
    def subsets(self) -> list[tuple[Modality, ...]]:
        """The sets of modalities that can be scored, the whole last."""
        return [subset for subset in SUBSETS if set(subset) <= set(self.modalities)]


@torch.inference_mode()
def causal_pass(bundle: Bundle, turns: Turns, subset: Sequence[Modality] = MODALITIES) -> Tensor:
    """Logits [n, 7] of the fusion when only these modalities are seen; zeros for turns without any at all."""
    heard = turns.present.any(dim=1)
    kept = turns.present & torch.tensor([m in subset for m in MODALITIES])
    rows = {m: features(turns.outputs[m].embedding, turns.outputs[m].logits) for m in turns.modalities}
    for m in MODALITIES:
        if m not in rows:
            rows[m] = torch.zeros(len(heard), bundle.fusion.config.embedding(m) + len(EMOTIONS))
    logits = torch.zeros(len(heard), len(EMOTIONS))
    dialogues = [place[heard[place]] for place in torch.arange(len(heard)).split(list(turns.sizes))]  # type: ignore[no-untyped-call]
    dialogues = [places for places in dialogues if len(places)]
    for start in range(0, len(dialogues), _TOGETHER):
        places = pad_sequence(dialogues[start : start + _TOGETHER], batch_first=True, padding_value=-1)
        real = places >= 0
        seen: dict[Modality, Tensor] = {m: rows[m][places] for m in MODALITIES}
        inputs = Inputs(seen, kept[places] & real.unsqueeze(-1), turns.speaker[places], real)
        logits[places[real]] = bundle.fusion(inputs).logits[real]
    return logits


def temperatures(bundle: Bundle, turns: Turns, subset: Sequence[Modality] = MODALITIES) -> Tensor:
    """The fused temperature [n] of each turn, by the modalities that it has of these; 1 where it has none."""
    fused = bundle.calibration.fused
    return torch.tensor(
        [
            fused.get(subset_name({m: bool(row[i]) and m in subset for i, m in enumerate(MODALITIES)}), 1.0)
            for row in turns.present
        ]
    )
