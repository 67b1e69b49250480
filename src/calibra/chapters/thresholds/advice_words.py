"""Verdicts of the threshold advice, and the reasons for them; their sentences stand in the chapter of thresholds."""

TIGHTEN, LOOSEN, FINE = "tighten", "loosen", "fine"
CANNOT_TELL, OUT_OF_REACH = "cannot tell yet", "promise out of reach"
MOVED = "moved already"
"""The share of late lies beyond this quarter's step: nothing to advise until it is known what came of it."""
VERDICTS = (TIGHTEN, LOOSEN, FINE, MOVED, CANNOT_TELL, OUT_OF_REACH)

NO_SEPARATION = "ranks do not separate outcomes"
INVERTED = "ranks stand the wrong way round"
WITHOUT_NUMBERS = (NO_SEPARATION, INVERTED)
"""Reasons for which no share can be recommended."""
TOO_FEW = "too few mature judgments or events"
UNSURE = "direction or size not sure"
MISFIT = "the threshold model does not give back the counts"
"""Why a direction stands without an aim."""
