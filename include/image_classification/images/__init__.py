"""Decoding, headers, orientation and resizing of images."""
