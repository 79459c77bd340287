"""What is wrong with a photo's bytes, though Pillow makes a picture of them."""

from __future__ import annotations

from include.policies.damage.jpeg import jpeg_damage
from include.policies.damage.png import png_damage

__all__ = ["jpeg_damage", "png_damage"]
