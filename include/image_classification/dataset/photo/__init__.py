"""Whether a photo may enter a data set, and what is cut from it."""
