"""The default data set of `make run`: drawn cars in the layout of the Stanford Cars data set."""

from include.local_run.drawing.data_set import DrawnCars, draw_cars, drawing_version
from include.local_run.drawing.kinds import KINDS, CarKind
from include.local_run.drawing.photo import Photo, take_photo

__all__ = ["KINDS", "CarKind", "DrawnCars", "Photo", "draw_cars", "drawing_version", "take_photo"]
