"""All parts of the report, in order."""

from __future__ import annotations

from perf.reporting.bottlenecks import bottlenecks
from perf.reporting.conclusion import appendix, checklist, closing, comparison, conclusion, recommendations
from perf.reporting.environment import environment
from perf.reporting.insides import insides
from perf.reporting.material import Material
from perf.reporting.scenes import scenes
from perf.reporting.summary import opening
from replay.reporting.document import Block


def report(material: Material) -> list[Block]:
    """The whole document."""
    parts = (
        opening, environment, scenes, insides, bottlenecks, recommendations, comparison, checklist, conclusion,
        appendix, closing,
    )  # fmt: skip
    return [block for part in parts for block in part(material)]
