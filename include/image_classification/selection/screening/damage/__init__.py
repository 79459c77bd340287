"""Damage of photos that Pillow does not detect."""

from __future__ import annotations

from include.image_classification.selection.screening.damage.jpeg import jpeg_damage
from include.image_classification.selection.screening.damage.png import png_damage

__all__ = ["jpeg_damage", "png_damage"]
