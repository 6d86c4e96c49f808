"""The token bucket."""

from streamer.server.rate import RateLimit


def test_a_steady_stream_at_the_limit_passes_for_ever() -> None:
    limit = RateLimit(50)
    assert all(limit.take(1, number / 50) for number in range(10_000))


def test_a_burst_of_two_seconds_passes_and_no_more() -> None:
    limit = RateLimit(50)
    assert [limit.take(1, 0.0) for _ in range(101)] == [True] * 100 + [False]


def test_what_is_refused_is_not_counted_and_patience_is_rewarded() -> None:
    limit = RateLimit(10)
    assert not limit.take(1000, 0.0)
    assert limit.take(20, 0.0)
    assert not limit.take(1, 0.0)
    assert limit.take(1, 0.1)
