"""Files on the web: asked for from any byte on, and drafted in S3 until they are whole."""
