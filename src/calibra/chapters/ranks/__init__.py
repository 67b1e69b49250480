"""What does each rank bring, per rep?"""
