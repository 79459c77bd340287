"""The kinds of cars (classes), which differ in shape only: side views in meters, rear to front.

Each outline runs from the rear bumper over the roof to the front bumper. To add a kind, append
a `CarKind`. Colors, view, scene and light do not depend on the kind.
"""

from __future__ import annotations

from dataclasses import dataclass

Pair = tuple[float, float]
Polygon = tuple[Pair, ...]


@dataclass(frozen=True)
class CarKind:
    """A car's side view.

    Attributes:
        name: The class name, as in `cars_meta.mat`.
        outline: The body, from the rear bumper's lower end clockwise to the front bumper's.
        windows: Side windows.
        screens: Edges of the outline that are windows: windshield and rear window.
        wheels: x of the axles.
        wheel: Wheel radius.
        belt: Height of the line below the windows.
        doors: x of the gaps between doors.
        features: Extras by name, see `features.py`.
        rounding: Radius of the body's corners.
        on_roof: Height of features above the roof.
    """

    name: str
    outline: Polygon
    windows: tuple[Polygon, ...]
    screens: tuple[tuple[Pair, Pair], ...]
    wheels: tuple[float, ...]
    wheel: float
    belt: float
    doors: tuple[float, ...] = ()
    features: tuple[str, ...] = ()
    rounding: float = 0.14
    on_roof: float = 0.0

    @property
    def length(self) -> float:
        """Overall length in meters."""
        return max(x for x, _ in self.outline)

    @property
    def height(self) -> float:
        """Height of the roof in meters."""
        return max(y for _, y in self.outline)


CONVERTIBLE = CarKind(
    name="Convertible",
    outline=(
        (0.04, 0.26), (0.0, 0.52), (0.06, 0.88), (1.0, 0.95), (1.12, 0.84), (2.5, 0.84),
        (2.62, 0.93), (4.0, 0.74), (4.24, 0.52), (4.22, 0.26),
    ),
    windows=(),
    screens=(),
    wheels=(0.82, 3.42),
    wheel=0.33,
    belt=0.86,
    doors=(1.45, 2.5),
    features=("open top",),
)  # fmt: skip

COUPE = CarKind(
    name="Coupe",
    outline=(
        (0.05, 0.2), (0.0, 0.5), (0.03, 0.8), (0.25, 0.86), (1.5, 1.12), (1.95, 1.12),
        (2.9, 0.76), (4.25, 0.52), (4.6, 0.36), (4.6, 0.18),
    ),
    windows=(((1.2, 0.8), (1.6, 1.02), (1.93, 1.02), (2.6, 0.77)),),
    screens=(((1.95, 1.12), (2.9, 0.76)), ((0.45, 0.9), (1.5, 1.12))),
    wheels=(0.86, 3.68),
    wheel=0.35,
    belt=0.76,
    doors=(1.4, 2.62),
    features=("spoiler",),
    rounding=0.2,
)  # fmt: skip

HATCHBACK = CarKind(
    name="Hatchback",
    outline=(
        (0.04, 0.27), (0.0, 0.6), (0.04, 1.02), (0.22, 1.56), (1.62, 1.6), (2.22, 1.04),
        (2.72, 0.88), (2.86, 0.6), (2.85, 0.27),
    ),
    windows=(
        ((0.26, 1.08), (0.4, 1.46), (0.84, 1.48), (0.84, 1.07)),
        ((0.93, 1.07), (0.93, 1.48), (1.56, 1.49), (2.02, 1.06)),
    ),
    screens=(((1.62, 1.6), (2.22, 1.04)), ((0.06, 1.1), (0.22, 1.56))),
    wheels=(0.5, 2.32),
    wheel=0.32,
    belt=1.04,
    doors=(0.88, 2.04),
)  # fmt: skip

LIMOUSINE = CarKind(
    name="Limousine",
    outline=(
        (0.05, 0.28), (0.0, 0.52), (0.06, 0.95), (0.95, 1.02), (1.45, 1.43), (5.6, 1.46),
        (6.3, 1.0), (7.45, 0.86), (7.7, 0.6), (7.68, 0.28),
    ),
    windows=(
        ((1.08, 1.04), (1.5, 1.36), (2.1, 1.37), (2.1, 1.03)),
        ((2.2, 1.03), (2.2, 1.37), (3.3, 1.38), (3.3, 1.03)),
        ((3.4, 1.03), (3.4, 1.38), (4.5, 1.38), (4.5, 1.02)),
        ((4.6, 1.02), (4.6, 1.38), (5.55, 1.38), (6.05, 1.02)),
    ),
    screens=(((5.6, 1.46), (6.3, 1.0)), ((0.95, 1.02), (1.45, 1.43))),
    wheels=(1.05, 6.7),
    wheel=0.34,
    belt=1.02,
    doors=(2.15, 3.35, 4.55, 6.0),
)  # fmt: skip

MINIBUS = CarKind(
    name="Minibus",
    outline=(
        (0.03, 0.34), (0.0, 0.8), (0.02, 2.52), (0.2, 2.66), (5.75, 2.66), (5.98, 2.45),
        (6.12, 1.2), (6.14, 0.34),
    ),
    windows=(
        ((0.2, 1.42), (0.2, 2.3), (1.1, 2.3), (1.1, 1.42)),
        ((1.22, 1.42), (1.22, 2.3), (2.12, 2.3), (2.12, 1.42)),
        ((2.24, 1.42), (2.24, 2.3), (3.14, 2.3), (3.14, 1.42)),
        ((3.26, 1.42), (3.26, 2.3), (4.16, 2.3), (4.16, 1.42)),
        ((4.3, 0.75), (4.3, 2.3), (4.95, 2.3), (4.95, 0.75)),
        ((5.1, 1.42), (5.1, 2.3), (5.78, 2.3), (5.9, 1.42)),
    ),
    screens=(((5.98, 2.45), (6.12, 1.2)),),
    wheels=(1.25, 4.98),
    wheel=0.42,
    belt=1.4,
    features=("stripe",),
)  # fmt: skip

PICKUP = CarKind(
    name="Pickup",
    outline=(
        (0.02, 0.48), (0.0, 0.7), (0.0, 1.08), (2.2, 1.08), (2.25, 1.74), (2.45, 1.82),
        (3.2, 1.82), (3.72, 1.2), (5.05, 1.1), (5.3, 0.85), (5.3, 0.44),
    ),
    windows=(((2.42, 1.24), (2.42, 1.7), (3.16, 1.7), (3.5, 1.22)),),
    screens=(((3.2, 1.82), (3.72, 1.2)),),
    wheels=(1.02, 4.35),
    wheel=0.42,
    belt=1.2,
    doors=(2.3, 3.6),
    features=("bed",),
    rounding=0.1,
)  # fmt: skip

SEDAN = CarKind(
    name="Sedan",
    outline=(
        (0.05, 0.27), (0.0, 0.52), (0.03, 0.84), (1.3, 0.9), (1.7, 1.48), (2.6, 1.5),
        (3.16, 0.9), (4.5, 0.8), (4.76, 0.58), (4.75, 0.27),
    ),
    windows=(
        ((1.42, 0.94), (1.74, 1.39), (2.12, 1.41), (2.12, 0.94)),
        ((2.2, 0.94), (2.2, 1.41), (2.56, 1.41), (2.98, 0.93)),
    ),
    screens=(((2.6, 1.5), (3.16, 0.9)), ((1.3, 0.9), (1.7, 1.48))),
    wheels=(0.92, 3.82),
    wheel=0.33,
    belt=0.92,
    doors=(1.44, 2.16, 3.02),
)  # fmt: skip

STATION_WAGON = CarKind(
    name="Station Wagon",
    outline=(
        (0.05, 0.27), (0.0, 0.52), (0.04, 0.98), (0.22, 1.46), (2.75, 1.5), (3.5, 1.0),
        (4.55, 0.86), (4.8, 0.6), (4.79, 0.27),
    ),
    windows=(
        ((0.24, 1.05), (0.4, 1.38), (1.15, 1.4), (1.15, 1.05)),
        ((1.24, 1.05), (1.24, 1.4), (2.1, 1.41), (2.1, 1.04)),
        ((2.19, 1.04), (2.19, 1.41), (2.72, 1.41), (3.26, 1.02)),
    ),
    screens=(((2.75, 1.5), (3.5, 1.0)), ((0.06, 1.05), (0.22, 1.46))),
    wheels=(0.92, 3.86),
    wheel=0.33,
    belt=1.02,
    doors=(1.2, 2.14, 3.28),
    features=("roof box",),
    on_roof=0.34,
)  # fmt: skip

SUV = CarKind(
    name="SUV",
    outline=(
        (0.06, 0.52), (0.02, 0.75), (0.02, 1.2), (0.12, 1.88), (2.62, 1.92), (3.0, 1.3),
        (4.05, 1.22), (4.18, 0.95), (4.16, 0.5),
    ),
    windows=(
        ((0.25, 1.3), (0.32, 1.78), (0.95, 1.8), (0.95, 1.3)),
        ((1.06, 1.3), (1.06, 1.8), (1.75, 1.8), (1.75, 1.3)),
        ((1.86, 1.3), (1.86, 1.8), (2.5, 1.8), (2.8, 1.3)),
    ),
    screens=(((2.62, 1.92), (3.0, 1.3)), ((0.04, 1.3), (0.12, 1.88))),
    wheels=(0.85, 3.35),
    wheel=0.46,
    belt=1.28,
    doors=(1.0, 1.8, 2.84),
    features=("spare wheel", "roof rails"),
    rounding=0.09,
)  # fmt: skip

VAN = CarKind(
    name="Van",
    outline=(
        (0.03, 0.3), (0.0, 0.6), (0.02, 2.08), (0.18, 2.22), (3.3, 2.22), (3.6, 2.08),
        (4.22, 1.24), (4.85, 1.04), (4.98, 0.7), (4.97, 0.3),
    ),
    windows=(((3.02, 1.26), (3.02, 1.86), (3.5, 1.86), (3.98, 1.24)),),
    screens=(((3.6, 2.08), (4.22, 1.24)),),
    wheels=(0.95, 4.1),
    wheel=0.35,
    belt=1.24,
    doors=(1.5, 2.9, 4.0),
    features=("sliding rail",),
)  # fmt: skip

KINDS: tuple[CarKind, ...] = (
    CONVERTIBLE,
    COUPE,
    HATCHBACK,
    LIMOUSINE,
    MINIBUS,
    PICKUP,
    SEDAN,
    STATION_WAGON,
    SUV,
    VAN,
)
