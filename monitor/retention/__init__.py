"""What is old, or too much, goes, and gives its space back."""
