"""Rewrite a network's graph so that oneDNN trains it faster; outputs and gradients stay."""
