"""The layouts in which Stanford Cars is published."""
