"""What `--format` and `-o` ask for, and what is refused before any work is done."""

from pathlib import Path

import pytest

from streamer.exports import FORMATS, ExportError, targets
from tests.conversations import conversation, utterance
from tests.streamer.exports.hostile import hostile


def test_neither_format_nor_output_is_json_lines_to_standard_output() -> None:
    (target,) = targets([], [])
    assert (target.format.name, target.path) == ("jsonl", None)


def test_the_suffix_says_the_format_in_letters_of_any_size(tmp_path: Path) -> None:
    outputs = [tmp_path / "a.VTT", tmp_path / "b.TextGrid", tmp_path / "c.textgrid", tmp_path / "d.e.html"]
    assert [target.format.name for target in targets([], outputs)] == ["vtt", "textgrid", "textgrid", "html"]


def test_a_named_format_is_written_to_the_output_as_it_is_called(tmp_path: Path) -> None:
    (target,) = targets(["SRT"], [tmp_path / "captions.txt"])
    assert (target.format.name, target.path) == ("srt", tmp_path / "captions.txt")


@pytest.mark.parametrize("name", ["v1.2", "v1.2.html"])
def test_several_formats_add_their_suffixes_to_one_name(tmp_path: Path, name: str) -> None:
    found = targets(["vtt", "eaf", "vtt"], [tmp_path / name])
    assert [target.path for target in found] == [tmp_path / "v1.2.vtt", tmp_path / "v1.2.eaf"]


@pytest.mark.parametrize(
    ("names", "outputs", "sentence"),
    [
        (["docx"], [], r"no format 'docx'; choose one of jsonl, csv, vtt, srt, rttm, textgrid, eaf, emotionml, html"),
        ([], ["x.docx"], r"x\.docx' names no format; give it one of \.jsonl, .*\.TextGrid.*\.html"),
        ([], ["x"], "names no format"),
        (["vtt", "srt"], [], "name the files with -o"),
        (["vtt"], ["a.vtt", "b.vtt"], "not both"),
        ([], ["a.vtt", "a.vtt"], "named twice"),
        ([], ["a.file/a.vtt"], r"the folder '.*a\.file' of 'a\.vtt' cannot be made: File exists"),
        (["vtt"], ["."], "is a folder"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_sentence(
    tmp_path: Path, names: list[str], outputs: list[str], sentence: str
) -> None:
    (tmp_path / "a.file").touch()
    with pytest.raises(ExportError, match=sentence):
        targets(names, [tmp_path / output for output in outputs])


def test_the_folders_of_what_is_written_are_made(tmp_path: Path) -> None:
    (target,) = targets([], [tmp_path / "new" / "deep" / "a.vtt"])
    target.write(conversation())
    assert (tmp_path / "new" / "deep" / "a.vtt").read_text().startswith("WEBVTT")


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_written_in_utf_8_whatever_was_said(tmp_path: Path, format: str) -> None:
    for number, record in enumerate((conversation(), conversation(utterance("ann", 1, 2, "שלום")), hostile())):
        path = tmp_path / f"{number}.{format}"
        (target,) = targets([format], [path])
        target.write(record)
        path.read_bytes().decode()
