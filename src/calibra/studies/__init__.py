"""Back-tests and proofs: does the library keep its own promises?"""
