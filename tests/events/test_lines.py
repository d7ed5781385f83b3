"""Lines of a file: numbers, ends, compression, and files that are not whole."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from events import LinesError, read_lines

LINES = st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b"")), max_size=30)
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "zstd in a stream": lambda data: (zip_ := zstandard.ZstdCompressor().compressobj()).compress(data) + zip_.flush(),
    "zstd after a skippable frame": lambda data: b"\x53\x2a\x4d\x18\x02\0\0\0ab" + zstandard.compress(data),
}
TEXT = b"".join(b'{"number": %d}\n' % number for number in range(1, 3001))


def _read(path: Path) -> list[tuple[int, bytes]]:
    return list(read_lines(path))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines") / "any-name"


def _starts_like_compressed_data(data: bytes) -> bool:
    return data.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xef\xbb\xbf")) or data[1:4] == b"\x2a\x4d\x18"


@given(LINES, st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.sampled_from(["plain", *COMPRESS]))
def test_lines_come_with_their_numbers_without_their_ends(
    file: Path, lines: list[bytes], end: bytes, last_end: bool, form: str
) -> None:
    content = end.join(lines) + (end if last_end else b"")
    if form == "plain" and _starts_like_compressed_data(content):
        return
    file.write_bytes(COMPRESS[form](content) if form != "plain" else content)
    expected = [(number, line) for number, line in enumerate(lines, start=1) if line.strip(b" \t\r\n\x0b\x0c")]
    assert _read(file) == expected


@pytest.mark.parametrize("form", COMPRESS)
def test_long_compressed_files_of_several_parts_are_read_whole(file: Path, form: str) -> None:
    parts = [TEXT, b"", TEXT[:77], TEXT[77:]]
    file.write_bytes(b"".join(COMPRESS[form](part) for part in parts))
    lines = _read(file)
    assert [number for number, _ in lines] == list(range(1, 6001))
    assert b"".join(line + b"\n" for _, line in lines) == TEXT * 2


@pytest.mark.parametrize("padding", [1, 512, 200_000])
def test_zeros_after_compressed_data_are_padding(file: Path, padding: int) -> None:
    file.write_bytes(gzip.compress(TEXT) + bytes(padding) + gzip.compress(TEXT) + bytes(padding))
    assert len(_read(file)) == 6000


def test_a_long_line_in_small_pieces_is_one_line(file: Path) -> None:
    long = b'{"x": "' + b"x" * 1_000_000 + b'"}'
    file.write_bytes(b"\n" + long + b"\n" + long)
    assert _read(file) == [(2, long), (3, long)]


def test_a_byte_order_mark_before_plain_text_is_left_out(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf{}\n{}")
    assert _read(file) == [(1, b"{}"), (2, b"{}")]


def _read_until_error(path: Path) -> tuple[list[bytes], str]:
    lines: list[bytes] = []
    with pytest.raises(LinesError) as caught:  # noqa: PT012 - what came before the error is the point
        for _, line in read_lines(path):
            lines.append(line)
    return lines, str(caught.value)


@settings(max_examples=60)
@given(st.sampled_from(["gzip", "zstd", "zstd in a stream"]), st.floats(0, 1, exclude_max=True))
def test_a_cut_file_gives_its_whole_lines_and_then_an_error(file: Path, form: str, part: float) -> None:
    whole = COMPRESS[form](TEXT)
    file.write_bytes(whole[: max(4, int(part * len(whole)))])
    lines, error = _read_until_error(file)
    assert TEXT.startswith(b"".join(line + b"\n" for line in lines))
    assert error == f"the {form[:4]} data are cut off before their end, after line {len(lines)}"


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_a_cut_second_part_gives_the_first_whole(file: Path, form: str) -> None:
    file.write_bytes(COMPRESS[form](TEXT) + COMPRESS[form](TEXT)[:-3])
    lines, _ = _read_until_error(file)
    assert len(lines) >= 3000


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_damaged_data_are_an_error(file: Path, form: str) -> None:
    damaged = bytearray(COMPRESS[form](TEXT))
    damaged[len(damaged) // 2 : len(damaged) // 2 + 40] = b"\xff" * 40
    file.write_bytes(damaged)
    _, error = _read_until_error(file)
    assert error.startswith(f"the {form} data are damaged, after line ")


def test_rubbish_after_compressed_data_is_an_error_after_the_lines(file: Path) -> None:
    file.write_bytes(gzip.compress(TEXT) + b"rubbish")
    lines, error = _read_until_error(file)
    assert len(lines) == 3000
    assert "damaged" in error


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    assert _read_until_error(tmp_path / "missing") == ([], "the file cannot be read: No such file or directory")


def test_a_directory_is_an_error(tmp_path: Path) -> None:
    assert _read_until_error(tmp_path) == ([], "the file cannot be read: Is a directory")


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\n \n\t\r\n", gzip.compress(b"")],
    ids=["nothing", "line break", "blank lines", "packed"],  # packed bytes hold the time: no name for a test
)
def test_an_empty_file_has_no_lines(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert _read(file) == []


@pytest.mark.parametrize(
    "content", [TEXT, gzip.compress(TEXT), zstandard.compress(TEXT)], ids=["plain", "gzip", "zstd"]
)
def test_a_dash_is_standard_input(content: bytes) -> None:
    program = "from events import read_lines\nfor number, line in read_lines('-'): print(number, line.decode())"
    run = subprocess.run([sys.executable, "-c", program], input=content, capture_output=True, check=True)
    assert run.stdout.splitlines() == [b"%d %b" % (i, line) for i, line in enumerate(TEXT.splitlines(), start=1)]
