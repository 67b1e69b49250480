"""Verdicts of the threshold advice, and the reasons for them; their sentences stand in the chapter of thresholds."""

TIGHTEN, LOOSEN, FINE = "tighten", "loosen", "fine"
CANNOT_TELL, OUT_OF_REACH = "cannot tell yet", "promise out of reach"
MOVED = "moved already"
"""The line has moved the way that all mature judgments would ask for; whether far enough is not known yet."""
MET_BY_ALL = "promise met by all"
"""Every prospect left to the rank would keep its promise: nothing to aim at."""
VERDICTS = (TIGHTEN, LOOSEN, FINE, MOVED, CANNOT_TELL, OUT_OF_REACH, MET_BY_ALL)

NO_SEPARATION = "ranks do not separate outcomes"
INVERTED = "ranks stand the wrong way round"
WITHOUT_NUMBERS = (NO_SEPARATION, INVERTED)
"""Reasons for which no share can be recommended."""
TOO_FEW = "too few mature judgments or events"
UNSURE = "direction or size not sure"
MISFIT = "the threshold model does not give back the counts"
"""Why a direction stands without an aim."""
