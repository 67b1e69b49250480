"""Life tables, and calibration where some are censored."""
