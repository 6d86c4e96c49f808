"""`undertone bench`: what everything costs, measured on this machine. Sits above `engine` and `streamer`."""
