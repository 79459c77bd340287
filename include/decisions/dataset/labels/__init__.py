"""Labels of users in a refresh's plan: whether they changed, and the photos that they need."""
