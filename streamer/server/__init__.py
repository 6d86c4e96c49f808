"""The server: WebSocket, WebRTC, WHIP, server-sent events, metrics and the page, for this machine alone."""

from streamer.server.app import create_app
from streamer.server.runner import RunningServer, running

__all__ = ["RunningServer", "create_app", "running"]
