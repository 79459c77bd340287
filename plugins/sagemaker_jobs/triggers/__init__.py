"""The triggers that watch jobs and endpoints in the triggerer, for the sensors."""
