"""The sample conversation: script, sound and true transcript, made by `python -m streamer.samples.compose`."""
