"""Promotion: whether a candidate replaces the champion, by limits and paired tests."""
