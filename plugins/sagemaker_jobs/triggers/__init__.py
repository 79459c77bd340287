"""Triggers that wait for jobs and endpoints in the triggerer, for the sensors."""
