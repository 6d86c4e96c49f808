"""Who speaks when in one mixed track: windows of sound, voices in them, voices to people, people to turns."""

from engine.speakers.diarise import Diarisation, Diariser, Turn
from engine.speakers.models import SpeakerModels
from engine.speakers.online import OnlineSpeakers, Print, voice_print

__all__ = ["Diarisation", "Diariser", "OnlineSpeakers", "Print", "SpeakerModels", "Turn", "voice_print"]
