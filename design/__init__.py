"""How both sites show values: template tags for times, sizes, numbers and sparklines. Knows no model and no view."""
