"""From when on something is said of a rep, and from when on a number is shown."""

from calibra.errors import check_within

FLAG_PROB = 0.9
"""Probability from which a finding about a rep is uttered."""
LEAN_PROB = 0.75
"""Probability from which a leaning is shown in cards and tables, never on the first page."""
FEWEST_JUDGMENTS = 30
"""With fewer mature judgments a rep is not named: what is said would be said of all reps."""
FEWEST_SHOWN = 5
"""With fewer mature judgments no probability is shown to a reader, nor is a plan made for more."""
CANNOT_TELL = "cannot tell yet"
"""What is said where no probability reaches the flag."""


def check_flag_prob(flag_prob: object) -> None:
    """Refuse a probability from which nothing, or anything, would be uttered."""
    check_within(flag_prob, "flag_prob", 0.5, 1, ends="()", mend="Write 90 % as 0.9.")
