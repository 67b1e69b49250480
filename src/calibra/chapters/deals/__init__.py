"""What became of what was said of deals: this month's forecast, what was moved to a later month, and the total."""
