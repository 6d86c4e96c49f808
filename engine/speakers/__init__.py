"""Who speaks when in one mixed track: windows of sound, voices in them, voices to people, people to turns."""

from engine.speakers.diarise import Diarisation, Diariser, Turn
from engine.speakers.models import SpeakerModels

__all__ = ["Diarisation", "Diariser", "SpeakerModels", "Turn"]
