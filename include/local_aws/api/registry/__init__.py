"""Operations on models and the model registry."""
