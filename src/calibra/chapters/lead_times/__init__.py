"""How long does it take, and what should be looked through again?"""
