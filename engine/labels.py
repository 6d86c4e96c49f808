"""The words of a reading: emotions, modalities, and their place on the circumplex."""

from typing import Final, Literal, get_args

Emotion = Literal["neutral", "joy", "surprise", "anger", "sadness", "fear", "disgust"]
Modality = Literal["text", "audio", "video"]

EMOTIONS: Final[tuple[Emotion, ...]] = get_args(Emotion)
MODALITIES: Final[tuple[Modality, ...]] = get_args(Modality)

# Valence and arousal in [-1, 1]: the PAD norms of Russell and Mehrabian, "Evidence for a three-factor
# theory of emotions" (J. Res. Personality 11, 1977), terms happy, surprised, angry, sad, afraid, disgusted.
CIRCUMPLEX: Final[dict[Emotion, tuple[float, float]]] = {
    "neutral": (0.0, 0.0),
    "joy": (0.81, 0.51),
    "surprise": (0.40, 0.67),
    "anger": (-0.51, 0.59),
    "sadness": (-0.63, -0.27),
    "fear": (-0.64, 0.60),
    "disgust": (-0.60, 0.35),
}
