"""Endpoints: model servers, fleets of them, and the changes from one fleet to the next."""
