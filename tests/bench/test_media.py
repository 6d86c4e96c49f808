"""The sample as packets: what they hold is what is in the recording, and the file keeps them all."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.ideal import _decoded, codec_seconds, utterances
from bench.latency import prepare
from bench.media import PICTURES_PER_SECOND, SILENT_SECONDS, VP8_BITS, Media, Transport


@pytest.fixture(scope="module", params=["webrtc", "websocket"])
def media(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Media:
    pytest.importorskip("skimage", reason="the sample's portrait comes with scikit-image (extra 'sample')")
    transport: Transport = request.param
    made, path = prepare(tmp_path_factory.mktemp("media"), transport)
    kept = Media.read(path)
    assert (kept.transport, kept.voices, kept.pictures) == (made.transport, made.voices, made.pictures)
    assert kept.picture_seconds == made.picture_seconds
    return kept


def test_both_speakers_are_heard_in_it_and_the_algorithm_alone_waits_for_the_hangover(media: Media) -> None:
    said = [utterances(media, speaker) for speaker in range(len(media.voices))]
    assert [len(track) for track in said] == [8, 7]
    for one in said[0] + said[1]:
        assert one.start < one.spoken < one.end
        assert one.heard - one.spoken == pytest.approx(codec_seconds(media))
        assert one.closed - one.heard == pytest.approx(0.4)
        assert one.spoken <= one.told < one.closed


def test_pictures_fill_the_recording(media: Media) -> None:
    assert len(media.pictures) * media.picture_seconds == pytest.approx(62, abs=0.2)
    if media.transport == "websocket":
        image = cv2.imdecode(np.frombuffer(media.pictures[-1], np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        assert image.shape == (480, 640, 3)


def test_pictures_over_webrtc_are_as_the_page_sends_them() -> None:
    page = (Path(__file__).parents[2] / "web/src/session/pictures.ts").read_text(encoding="utf-8").replace("_", "")
    assert f"maxBitrate: {VP8_BITS}, maxFramerate: {PICTURES_PER_SECOND} " in page


def test_silence_follows_the_recording(media: Media) -> None:
    assert media.seconds == pytest.approx(62 + SILENT_SECONDS, abs=0.1)
    for speaker in range(len(media.voices)):
        pcm = np.concatenate(list(_decoded(media, speaker)))
        assert np.abs(pcm[-round(0.9 * SILENT_SECONDS * 16_000) :]).max() < 0.01


def test_a_file_of_packets_is_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, lengths0=np.array([{"any": "object"}], dtype=object))
    with pytest.raises((ValueError, KeyError)):
        Media.read(path)
