"""The bench's arithmetic and its table; the figures themselves are measured by `undertone bench`."""

from rich.console import Console

from streamer.bench import Figure, Report, print_report


def test_percentiles_are_those_of_the_values() -> None:
    figure = Figure.of(float(value) for value in range(101))
    assert (figure.n, figure.p50, figure.p95) == (101, 50.0, 95.0)
    assert Figure.of([7.0]) == Figure(n=1, p50=7.0, p95=7.0)


def test_the_table_shows_every_figure_with_its_n() -> None:
    report = Report(
        commit="abc1234",
        machine="a machine",
        cores=2,
        versions={},
        bundle="tiny",
        recogniser="sphinx",
        media_seconds=60.0,
        finals={"hangover": Figure(n=15, p50=400, p95=420), "send": Figure(n=15, p50=1, p95=3)},
        provisional_after_speech=Figure(n=14, p50=250, p95=333),
        faces=Figure(n=600, p50=12, p95=34),
        memory_mb=777,
        replay_times_real_time=5.5,
    )
    console = Console(record=True, width=100)
    print_report(report, console)
    text = console.export_text()
    for part in ("hangover", "send", "420", "333", "600", "777 MB", "5.5×", "abc1234", "2 cores"):
        assert part in text
