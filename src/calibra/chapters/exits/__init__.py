"""How do reps end prospects, what came of what was handed back, and what does that do to what is said of outcomes?"""
