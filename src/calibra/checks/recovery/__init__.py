"""With data like yours, is the truth found? Worlds from the priors on a design of your own, fitted and read."""

from calibra.chapters.design import Design as Design
from calibra.checks.recovery.coverage import coverage_study as coverage_study
from calibra.checks.recovery.flags import false_flag_study as false_flag_study, power_study as power_study
from calibra.checks.recovery.sbc import simulation_based_calibration as simulation_based_calibration
