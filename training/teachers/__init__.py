"""Teachers: large pre-trained encoders, one a modality, by Hugging Face name or folder (MAGTKD's first stage)."""

from training.teachers.stage import train_teacher
from training.teachers.weights import NoWeights

__all__ = ["NoWeights", "train_teacher"]
