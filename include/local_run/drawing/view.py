"""The camera: converts meters of the side view to pixels of the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.local_run.drawing.kinds import CarKind
from include.local_run.drawing.shapes import Points, join


@dataclass(frozen=True)
class View:
    """Converts points of a car's side view into pixels.

    Attributes:
        scale: Pixels per meter.
        origin: Pixel of the ground under the car's middle.
        middle: x of the car's middle in meters.
        flip: -1 when the car looks left, 1 when it looks right.
        slope: Metres up for each meter to the right (the road or a tilted camera).
        lean: Metres to the right for each meter up.
        taper: How much the near end is larger than the far one.
        squeeze: Foreshortening of the length.
        depth: Where the far side appears, in meters right and up.
    """

    scale: float
    origin: tuple[float, float]
    middle: float
    flip: int
    slope: float
    lean: float
    taper: float
    squeeze: float
    depth: tuple[float, float]

    def pixels(self, outline: Points, across: float = 0.0) -> Points:
        """Return pixels of points; `across` is 0 for the near side and 1 for the far side."""
        x = (outline[:, 0] - self.middle) * self.flip * self.squeeze
        grown = 1 + self.taper * x
        y = outline[:, 1] * grown + self.slope * x
        x = x + self.lean * outline[:, 1]
        x, y = x + across * self.depth[0], y + across * self.depth[1]
        return join(self.origin[0] + x * self.scale, self.origin[1] - y * self.scale)

    def shifted(self, right: float, down: float, scale: float) -> View:
        """Return the view moved by pixels and scaled."""
        origin = (self.origin[0] + right, self.origin[1] + down)
        return View(
            scale=scale, origin=origin, middle=self.middle, flip=self.flip, slope=self.slope,
            lean=self.lean, taper=self.taper, squeeze=self.squeeze, depth=self.depth,
        )  # fmt: skip


def choose_view(
    kind: CarKind, body: Points, size: tuple[int, int], rng: np.random.Generator
) -> View:
    """Choose a random view with the whole car in an image of `size` (width, height)."""
    sideways = rng.uniform(-0.35, 0.35)
    view = View(
        scale=1.0,
        origin=(0.0, 0.0),
        middle=kind.length / 2,
        flip=int(rng.choice((-1, 1))),
        slope=rng.uniform(-0.045, 0.045),
        lean=rng.uniform(-0.05, 0.05),
        taper=rng.uniform(-0.015, 0.015),
        squeeze=rng.uniform(0.86, 1.0) - 0.12 * abs(sideways),
        depth=(sideways, rng.uniform(0.05, 0.26)),
    )
    extent = np.concatenate([view.pixels(body), view.pixels(body, 1.0)])
    extent = np.concatenate([extent, view.pixels(body * [1, 0])])
    return _framed(view, extent, size, rng)


def _framed(view: View, extent: Points, size: tuple[int, int], rng: np.random.Generator) -> View:
    """Return the view scaled and moved so that the extent is inside the image."""
    low, high = extent.min(axis=0), extent.max(axis=0)
    room = np.asarray(size, float)
    scale = float(np.min(room * (0.97, 0.9) / (high - low)) * rng.uniform(0.9, 1.0))
    free = room - (high - low) * scale
    left, top = free * (rng.uniform(0.1, 0.9), rng.uniform(0.3, 0.85))
    return view.shifted(left - low[0] * scale, top - low[1] * scale, scale)
