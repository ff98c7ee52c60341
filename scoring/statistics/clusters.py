"""Standard errors clustered by image, of all linear figures at once.

With w a question's weight, x 1 for a right answer and m the mean of its stratum, an image's residual is the sum of
w (x - m) over its questions, and the squared standard error C / (C - 1) times the sum of the squared residuals over C
images. Miller 2024, arXiv 2411.00640, equation 4, with weights and strata.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scoring.statistics.strata import Floats, Linear, Strata


@dataclass(frozen=True, eq=False)
class Spread:
    """How right answers, or differences of two submissions' right answers, vary over images.

    `means` are the strata's; `products` holds, for each group, the sums over its images of the products of
    residuals in two columns, each for a weight of 1.
    """

    means: Floats
    products: Floats

    @classmethod
    def of(cls, strata: Strata, counts: Floats) -> Self:
        """From the right answers by image and column, see `Strata.count`."""
        sizes = np.maximum(strata.sizes, 1)
        totals = np.stack([counts[images].sum(axis=0) for images in strata.slices])
        products = []
        for group, images in enumerate(strata.slices):
            # Whole numbers until the division, so that what is zero comes out as zero.
            residuals = counts[images] * sizes[group] - strata.asked[images] * totals[group]
            residuals /= sizes[group] ** 2
            products.append(residuals.T @ residuals)
        return cls(totals / sizes, np.stack(products))

    def values(self, figures: Linear) -> Floats:
        """Each figure as a share, before it is turned."""
        found: Floats = (figures.weights * self.means).sum(axis=(1, 2))
        return found

    def sums(self, figures: Linear) -> Floats:
        """Each figure's sum of squared residuals."""
        by_group = figures.weights.transpose(1, 0, 2)
        found: Floats = np.maximum(((by_group @ self.products) * by_group).sum(axis=(0, 2)), 0)
        return found

    def errors(self, figures: Linear) -> Floats:
        """Each figure's standard error, as a share; NaN where it rests on one image."""
        found: Floats = np.sqrt(self.sums(figures) * correction(figures))
        return found


def correction(figures: Linear) -> Floats:
    """C / (C - 1), NaN for one image."""
    images = figures.images.astype(np.float64)
    found: Floats = np.divide(images, images - 1, out=np.full(len(images), np.nan), where=images > 1)
    return found
