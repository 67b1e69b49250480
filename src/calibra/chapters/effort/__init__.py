"""Contacts against events: how much work is behind what comes, how much behind what never came, and when to stop."""
