"""The students: one small encoder per modality, each giving an embedding and logits."""

from engine.students.audio import AudioConfig, AudioStudent
from engine.students.output import StudentOutput
from engine.students.text import TextConfig, TextStudent
from engine.students.video import VideoConfig, VideoStudent

__all__ = [
    "AudioConfig",
    "AudioStudent",
    "StudentOutput",
    "TextConfig",
    "TextStudent",
    "VideoConfig",
    "VideoStudent",
]
