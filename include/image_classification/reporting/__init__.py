"""Turning answers into what people read: tables and pages."""
