"""Screening of incoming photos, before a batch transform gets them."""
