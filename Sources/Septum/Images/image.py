"""Decodes images with Pillow."""

import io
import warnings

import numpy
import PIL.Image


def decode(content, pixels):
    """The pixels as bytes: height, width, channels."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)
        try:
            with PIL.Image.open(io.BytesIO(content)) as image:
                array = numpy.asarray(image.convert("L" if pixels == "Grayscale" else "RGB"))
        except PIL.UnidentifiedImageError:
            raise Refusal("the bytes are of no image format that is known") from None
        except (PIL.Image.DecompressionBombWarning, PIL.Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
            raise Refusal(f"the image cannot be decoded: {error}") from None
    if pixels == "Grayscale":
        return array[..., None]
    return array[..., ::-1] if pixels == "BGR" else array
