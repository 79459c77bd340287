"""Tasks that decide whether a candidate is deployed: verdict, registration, approval."""
