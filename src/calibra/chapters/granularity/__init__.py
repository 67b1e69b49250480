"""How many ranks do outcomes tell apart?"""
