"""Transcripts that come with a recording: their words are read instead of recognised."""
