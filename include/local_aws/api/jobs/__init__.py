"""Operations on training, processing and transform jobs."""
