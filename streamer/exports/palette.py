"""How an emotion is drawn, as on the page: web/src/tokens.css and web/src/emotions.ts say the same."""

from typing import Final

from engine.labels import Emotion

LIGHT: Final[dict[Emotion, str]] = {
    "neutral": "#667079",
    "joy": "#b06c00",
    "surprise": "#a8408a",
    "anger": "#c43d14",
    "sadness": "#1d6fb5",
    "fear": "#5a47b8",
    "disgust": "#0c7a5c",
}
DARK: Final[dict[Emotion, str]] = {
    "neutral": "#98a5ad",
    "joy": "#f2b134",
    "surprise": "#e58fc8",
    "anger": "#ff7d52",
    "sadness": "#68b2f2",
    "fear": "#b0a3ff",
    "disgust": "#41c99c",
}
# SVG paths in a box of 16 by 16; they differ in silhouette, so that they are told apart without colour.
SHAPES: Final[dict[Emotion, str]] = {
    "neutral": "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zm0 2.6a2.9 2.9 0 1 1 0 5.8a2.9 2.9 0 0 1 0-5.8z",
    "joy": "M8 .8l2.1 4.7 5.1.5-3.8 3.4 1.1 5-4.5-2.6-4.5 2.6 1.1-5L.8 6l5.1-.5z",
    "surprise": "M8 .8L15.2 8 8 15.2.8 8z",
    "anger": "M8 1.6l7.2 12.8H.8z",
    "sadness": "M8 .8c2.6 3.8 5 6.3 5 9.2a5 5 0 0 1-10 0c0-2.9 2.4-5.4 5-9.2z",
    "fear": "M4.6 2h6.8l3.4 6-3.4 6H4.6L1.2 8z",
    "disgust": "M3.6 1.2L8 5.6l4.4-4.4 2.4 2.4L10.4 8l4.4 4.4-2.4 2.4L8 10.4l-4.4 4.4-2.4-2.4L5.6 8 1.2 3.6z",
}
