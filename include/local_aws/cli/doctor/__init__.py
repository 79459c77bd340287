"""Checks of whether a computer can run this server."""
