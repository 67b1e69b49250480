"""One folder a question: how it is answered, and everything that is said of the answer."""
