"""What of a submission is right, image by image: what every figure is counted from."""

import zlib
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Marks:
    """By image of a release: whether it was rightly told to be anomalous or not, how many boxes were predicted in it,
    and how many of them are right at an overlap of 0.1 and of 0.5.

    A wrong answer is one that says the other, is invalid, or is missing.
    """

    right: NDArray[np.bool_]
    predicted: NDArray[np.uint8]
    right_10: NDArray[np.uint8]
    right_50: NDArray[np.uint8]

    def encode(self) -> bytes:
        """Together with the answers this is the truth: it belongs where that is kept."""
        bits = np.packbits(self.right).tobytes()
        counts = np.stack([self.predicted, self.right_10, self.right_50]).tobytes()
        return zlib.compress(bits + counts, 1)

    @classmethod
    def decode(cls, data: bytes, size: int) -> Self:
        """Take back what `encode` made of so many images. Raises ValueError when it is of others, or damaged."""
        width = -(-size // 8)
        try:
            unpacker = zlib.decompressobj()
            body = unpacker.decompress(data, width + 3 * size + 1)
        except zlib.error as error:
            raise ValueError("damaged outcomes") from error
        if len(body) != width + 3 * size or not unpacker.eof:
            raise ValueError("outcomes of other images")
        bits, counts = np.frombuffer(body, np.uint8, width), np.frombuffer(body, np.uint8, offset=width)
        predicted, right_10, right_50 = counts.reshape(3, size)
        return cls(np.unpackbits(bits, count=size).astype(np.bool_), predicted, right_10, right_50)
