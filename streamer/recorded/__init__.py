"""Recorded conversations: from the files that are given to the files that are wanted."""
