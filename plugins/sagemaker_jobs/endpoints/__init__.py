"""Endpoints: models and configurations, and updates."""
