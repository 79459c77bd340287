"""Endpoints: fleets of model servers, and updates that replace one fleet by another."""
