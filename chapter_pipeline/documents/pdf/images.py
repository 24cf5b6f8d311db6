"""Owns the bytes of a figure: the file's own JPEG where it is all that is printed, else a rendering; and its hash."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pymupdf
from PIL import Image

from chapter_pipeline.domain.document import Box

if TYPE_CHECKING:
    from typing_extensions import Buffer

RESOLUTION_DPI = 150
MAX_WIDTH_PX = 1600
JPEG_QUALITY = 88
PNG_LEVEL = 3
"""Of flat images it compresses nearly as well as 6, in less than half the time."""
THUMBNAIL_PX = 200
"""Longer side of a thumbnail."""
THUMBNAIL_QUALITY = 60
MAX_EMBEDDED_BYTES = 2_000_000
FLAT_BYTES_PER_PIXEL = 0.15
"""A JPEG of fewer bytes per pixel shows lines and few colours, which a PNG may hold in less and without blur."""
FLAT_COLOURS = 2400
"""With more colours an image is a photograph: no PNG of it was smaller than its JPEG."""
_PLAIN_COLOURS = re.compile(r"(?:Indexed\(\d+,)?(?:DeviceRGB|DeviceGray|ICCBased\((?:RGB,sRGB|Gray)[^()]*\))\)?")
LIKE_BITS = 3
_EDGE_PT = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureImage:
    """An encoded image, its size in pixels, a small JPEG of it, and its perceptual hash as 16 hexadecimal digits."""

    content: bytes
    media_type: str
    width_px: int
    height_px: int
    thumbnail: bytes
    perceptual_hash: str


def figure_image(
    page: pymupdf.Page, box: Box, images: list[dict[str, Any]], is_bare: Callable[[], bool]
) -> FigureImage:
    """What is printed in `box`, where the file has `images`. `is_bare`: neither text nor a drawing lies in it."""
    if len(images) == 1 and _fills(images[0], box):
        content = _embedded_jpeg(page, images[0])
        small = _small(content) if content is not None and is_bare() else None
        if content is not None and small is not None:
            return FigureImage(
                content=content, media_type="image/jpeg", width_px=images[0]["width"], height_px=images[0]["height"],
                thumbnail=_jpeg(small, THUMBNAIL_QUALITY), perceptual_hash=_hash(small),
            )  # fmt: skip
    if images and all(_PLAIN_COLOURS.fullmatch(image["cs-name"]) for image in images):
        return _rendered(page, box)
    with colour_management(on=True, after=False):
        return _rendered(page, box)


@contextmanager
def colour_management(*, on: bool, after: bool) -> Iterator[None]:
    """Whether MuPDF converts colours by their profiles within the block, and after it.

    It takes an eighth of the whole parsing (measured), and the colours of screens need none: it is off while a document
    is read, and on for figures in other colours.
    """
    pymupdf.TOOLS.set_icc(on)
    try:
        yield
    finally:
        pymupdf.TOOLS.set_icc(after)


def like(first: str, second: str) -> bool:
    """Whether two perceptual hashes are of images that look the same."""
    return (int(first, 16) ^ int(second, 16)).bit_count() <= LIKE_BITS


def _rendered(page: pymupdf.Page, box: Box) -> FigureImage:
    zoom = min(RESOLUTION_DPI / 72, MAX_WIDTH_PX / max(box[2] - box[0], 1.0))
    pixmap = page.get_pixmap(
        clip=pymupdf.Rect(box), matrix=pymupdf.Matrix(zoom, zoom), colorspace=pymupdf.csRGB, alpha=False
    )
    size = (pixmap.width, pixmap.height)
    image = Image.frombuffer("RGB", size, pixmap.samples_mv, "raw", "RGB", pixmap.stride, 1)
    content, media_type = _jpeg(image, JPEG_QUALITY), "image/jpeg"
    flat = len(content) < FLAT_BYTES_PER_PIXEL * pixmap.width * pixmap.height
    if flat and image.getcolors(FLAT_COLOURS) is not None:
        lossless = _png(image, len(content))
        if lossless is not None:
            content, media_type = lossless, "image/png"
    small = _reduced(image)
    return FigureImage(
        content=content, media_type=media_type, width_px=pixmap.width, height_px=pixmap.height,
        thumbnail=_jpeg(small, THUMBNAIL_QUALITY), perceptual_hash=_hash(small),
    )  # fmt: skip


def _fills(image: dict[str, Any], box: Box) -> bool:
    a, b, c, d, _, _ = image["transform"]
    upright = a > 0 and d > 0 and abs(b) < 0.01 and abs(c) < 0.01
    return upright and all(abs(mine - its) < _EDGE_PT for mine, its in zip(box, image["bbox"], strict=True))


def _embedded_jpeg(page: pymupdf.Page, image: dict[str, Any]) -> bytes | None:
    """The JPEG as the file holds it, when it is plain: grey or RGB, no mask, no mapping of its values, not large."""
    size = (image["width"], image["height"])
    of_size = {entry[0]: entry for entry in page.get_images(full=True) if entry[2:4] == size}
    if page.rotation or len(of_size) != 1:
        return None
    ((xref, entry),) = of_size.items()
    document = page.parent
    keys = ("Mask", "SMask", "Decode", "ImageMask", "DecodeParms")
    if entry[8] != "DCTDecode" or any(document.xref_get_key(xref, key)[0] != "null" for key in keys):
        return None
    content: bytes = document.xref_stream_raw(xref)
    if len(content) > MAX_EMBEDDED_BYTES or _jpeg_frame(content) not in ((*size, 1), (*size, 3)):
        return None
    return content


def _jpeg_frame(content: bytes) -> tuple[int, int, int] | None:
    """Width, height and number of components that a JPEG says it has."""
    if not content.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 10 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in (0xC0, 0xC1, 0xC2):
            height, width = (int.from_bytes(content[at + n : at + n + 2], "big") for n in (5, 7))
            return width, height, content[at + 9]
        at += 2 + max(length, 2)
    return None


def _small(content: bytes) -> Image.Image | None:
    """The JPEG decoded in about the size of a thumbnail; None when it cannot be decoded."""
    try:
        with Image.open(BytesIO(content), formats=("JPEG",)) as image:
            image.draft("RGB", (THUMBNAIL_PX, THUMBNAIL_PX))
            return _reduced(image.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _reduced(image: Image.Image) -> Image.Image:
    share = min(1.0, THUMBNAIL_PX / max(image.size))
    size = (max(1, round(share * image.width)), max(1, round(share * image.height)))
    return image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    # Pillow's libjpeg-turbo takes a thirteenth of the time of MuPDF's encoder.
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


class _TooLong(Exception):
    """More bytes than are wanted."""


class _Limited(BytesIO):
    """Takes so many bytes and no more."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, data: Buffer, /) -> int:
        if self.tell() + memoryview(data).nbytes > self._limit:
            raise _TooLong
        return super().write(data)


def _png(image: Image.Image, max_bytes: int) -> bytes | None:
    """A PNG of at most so many bytes; None when it has more, which is known before all of it is made."""
    buffer = _Limited(max_bytes)
    try:
        image.save(buffer, "PNG", compress_level=PNG_LEVEL)
    except _TooLong:
        return None
    return buffer.getvalue()


def _hash(image: Image.Image) -> str:
    """Difference hash of 64 bits: whether each pixel of a 9 x 8 grey miniature is brighter than its right neighbour."""
    samples = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            at = row * 9 + column
            bits = bits << 1 | (samples[at] > samples[at + 1])
    return f"{bits:016x}"
