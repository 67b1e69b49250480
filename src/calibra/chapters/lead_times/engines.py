"""The engines of a lead-time fit, as a page names them."""

from __future__ import annotations

from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.views.page import Page


def engines(fit: LeadTimeFit, page: Page) -> str:
    """Name the engine of the fit; both where the endings have different ones."""
    return page.say("format.comma").join(dict.fromkeys(each.engine for each in fit.diagnostics.by_cause.values()))
