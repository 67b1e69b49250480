"""What a rep's rank and stated percentage add to a machine's score, and which of the two carries more."""
