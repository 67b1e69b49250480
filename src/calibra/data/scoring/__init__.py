"""A calibration table joined to prospects, in the prospects' own engine."""
