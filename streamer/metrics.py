"""What the server counts, in the text format of Prometheus. Each instance has its own registry: tests share nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_MILLISECONDS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 400, 600, 800, 1000, 1500, 2000, 3000, 5000, 10_000)


class Metrics:
    """Counters and histograms of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._sessions = Gauge(
            "undertone_sessions", "Open sessions, by transport.", ["transport"], registry=self._registry
        )
        self._utterances = Counter(
            "undertone_utterances", "Utterances answered with a final reading.", registry=self._registry
        )
        self._latency = Histogram(
            "undertone_latency_milliseconds",
            "Latency of final readings by stage; total runs from the end of speech in media time.",
            ["stage"],
            buckets=_MILLISECONDS,
            registry=self._registry,
        )
        self._faces = Histogram(
            "undertone_faces_milliseconds",
            "From the arrival of a video frame to its faces event.",
            buckets=_MILLISECONDS,
            registry=self._registry,
        )
        self._guesses = Counter(
            "undertone_guesses",
            "Utterances recognised and encoded inside the hangover: those that stood, and those dropped.",
            ["outcome"],
            registry=self._registry,
        )
        self._saved = Histogram(
            "undertone_guess_saved_milliseconds",
            "By how much sooner a guess that stood was ready than if its work had begun after the hangover.",
            buckets=_MILLISECONDS,
            registry=self._registry,
        )
        self._wasted = Histogram(
            "undertone_guess_wasted_milliseconds",
            "How long a guess that was dropped had been worked at.",
            buckets=_MILLISECONDS,
            registry=self._registry,
        )
        self._again = Counter(
            "undertone_guess_reheard_seconds",
            "Sound recognised once more since a dropped guess had ended its recognition.",
            registry=self._registry,
        )
        self._dropped = Counter(
            "undertone_dropped",
            "What was thrown away because a queue was full, by kind.",
            ["kind"],
            registry=self._registry,
        )
        self._given_up = Gauge(
            "undertone_effort_given_up",
            "Steps of effort given up to keep up: 1 and 2, fewer pictures looked at; 3, also no provisional readings.",
            registry=self._registry,
        )
        self._errors = Counter(
            "undertone_errors", "Errors told to clients, by code.", ["code"], registry=self._registry
        )

    @contextmanager
    def session(self, transport: str) -> Iterator[None]:
        """Counts a session as open for the length of the block."""
        self._sessions.labels(transport).inc()
        try:
            yield
        finally:
            self._sessions.labels(transport).dec()

    def final(self, latency_ms: Mapping[str, float]) -> None:
        """A final reading was published, with its latency by stage."""
        self._utterances.inc()
        for stage, milliseconds in latency_ms.items():
            self._latency.labels(stage).observe(milliseconds)

    def faces(self, milliseconds: float) -> None:
        """A faces event was published."""
        self._faces.observe(milliseconds)

    def guess_stood(self, saved_ms: float) -> None:
        """What was recognised and encoded inside the hangover became the final reading."""
        self._guesses.labels("stood").inc()
        self._saved.observe(saved_ms)

    def guess_dropped(self, wasted_ms: float, reheard_seconds: float) -> None:
        """The speaker went on, or there is no final reading: the guess was for nothing."""
        self._guesses.labels("dropped").inc()
        self._wasted.observe(wasted_ms)
        self._again.inc(reheard_seconds)

    def dropped(self, kind: str, count: int = 1) -> None:
        """Something of this kind was thrown away."""
        self._dropped.labels(kind).inc(count)

    def given_up(self, steps: int) -> None:
        """So many steps of effort are given up now."""
        self._given_up.set(steps)

    def error(self, code: str) -> None:
        """An error was told to a client."""
        self._errors.labels(code).inc()

    def sessions(self, transport: str) -> int:
        """How many sessions of this transport are open now."""
        return int(self._registry.get_sample_value("undertone_sessions", {"transport": transport}) or 0)

    def render(self) -> bytes:
        """The whole, as `/metrics` answers it (content type: CONTENT_TYPE)."""
        return generate_latest(self._registry)
