"""The sample as packets: what they hold is what is in the recording, and the file keeps them all."""

from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from bench.client import Part, _Sender
from bench.ideal import _decoded, codec_seconds, utterances
from bench.latency import prepare
from bench.media import PICTURES_PER_SECOND, SENT_FOR_ONE_LOOK, SILENT_SECONDS, VP8_BITS, Media, Transport
from streamer.protocol import Event, Lag


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
    assert f"SENTFORONELOOK = {SENT_FOR_ONE_LOOK};" in page


@pytest.mark.parametrize("media", ["webrtc"], indirect=True)
@pytest.mark.parametrize(("looks", "every"), [(2.0, 4), (5.0, 2), (10.0, 1)])
async def test_to_a_server_that_falls_behind_go_fewer_pictures_which_can_be_decoded_without_the_others(
    media: Media, looks: float, every: int
) -> None:
    sender = _Sender(media, Part(conversation="load", participant="ann", speaker=0), seconds=1.0)
    _, pictures = sender.tracks()
    lag = Lag(seconds=0.4, dropped={}, faces_per_second=looks, provisional=True)
    sender._take(Event(seq=1, time=0.0, conversation="load", body=lag), now=0.0)
    pictures.begin(0.0)
    sent = [await pictures.recv() for _ in range(3)]
    assert [bytes(packet) for packet in sent] == list(media.pictures[: 3 * every : every])
    shown = {number: _image(media, number, 1) for number in (40, 60)}
    for number, image in shown.items():
        difference = np.abs(image.astype(int) - _image(media, number, every).astype(int)).mean()
        assert difference < 2.0


def _image(media: Media, number: int, every: int) -> npt.NDArray[np.uint8]:
    """A picture, decoded after every so many-th before it alone."""
    decoder = av.CodecContext.create("vp8", "r")
    packets = (media.pictures[index] for index in range(0, number + 1, every))
    *_, last = (frame for packet in packets for frame in decoder.decode(av.Packet(packet)))
    return np.asarray(last.to_ndarray(format="rgb24"), np.uint8)


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
