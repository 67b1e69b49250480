"""What was promised of each rank, and what came of it?"""
