"""What a page plays tells nobody where it was recorded, and sounds the same."""

from __future__ import annotations

import pytest

from gateway.web.recordings import without_metadata

PLACE = b"+34.0200-006.8400/"
SOUND = bytes(range(256))


def box(name: bytes, *inside: bytes, large: bool = False) -> bytes:
    content = b"".join(inside)
    if large:
        return (1).to_bytes(4) + name + (16 + len(content)).to_bytes(8) + content
    return (8 + len(content)).to_bytes(4) + name + content


TOLD = box(b"udta", box(b"\xa9xyz", PLACE))
START = box(b"ftyp", b"M4A ")
ID3 = b"ID3\x04\x00\x00" + bytes([0, 0, 1, 2]) + PLACE.ljust(130)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(START + box(b"moov", TOLD) + box(b"mdat", SOUND), id="of the whole"),
        pytest.param(
            START + box(b"moov", box(b"trak", TOLD), large=True) + box(b"mdat", SOUND),
            id="of a track",
        ),
        pytest.param(
            START + box(b"uuid", PLACE) + box(b"mdat", SOUND) + b"\0\0\0\0meta" + PLACE,
            id="at the end",
        ),
    ],
)
def test_a_place_in_an_mp4_becomes_free_space_and_nothing_moves(content: bytes) -> None:
    clear = without_metadata(content)
    assert PLACE not in clear
    assert len(clear) == len(content)
    assert clear.index(SOUND) == content.index(SOUND)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(ID3 + SOUND, id="before the sound"),
        pytest.param(SOUND + b"TAG" + PLACE.ljust(125), id="after it"),
        pytest.param(ID3 + SOUND + b"TAG" + PLACE.ljust(125), id="on both sides"),
    ],
)
def test_an_mp3_is_nothing_but_its_sound(content: bytes) -> None:
    assert without_metadata(content) == SOUND


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"ID3", id="cut off"),
        pytest.param(b"OggS" + SOUND, id="another format"),
        pytest.param(START + (7).to_bytes(4) + b"moov", id="a box shorter than its head"),
        pytest.param(START + (999).to_bytes(4) + b"udta", id="a box longer than the file"),
        pytest.param(START + box(b"mdat", TOLD), id="what is sound is not looked into"),
    ],
)
def test_whatever_else_it_is_is_played_as_it_came(content: bytes) -> None:
    assert without_metadata(content) == content
