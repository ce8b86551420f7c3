"""Figures, live plots, tables and widgets."""

from course_lib.viz.before_after import BeforeAfter
from course_lib.viz.curves import curves, draw_curves
from course_lib.viz.explorer import Explorer
from course_lib.viz.grids import contact_sheet, picture_grid
from course_lib.viz.heat import heat
from course_lib.viz.live import LivePlot
from course_lib.viz.outline import Outline
from course_lib.viz.output import show
from course_lib.viz.preference import Preference
from course_lib.viz.progress import Progress
from course_lib.viz.quiz import Quiz
from course_lib.viz.rain_explorer import RainExplorer
from course_lib.viz.scrubber import Scrubber
from course_lib.viz.source import show_source
from course_lib.viz.style import panels, use_style
from course_lib.viz.tables import results_table, table

__all__ = [
    "BeforeAfter",
    "Explorer",
    "LivePlot",
    "Outline",
    "Preference",
    "Progress",
    "Quiz",
    "RainExplorer",
    "Scrubber",
    "contact_sheet",
    "curves",
    "draw_curves",
    "heat",
    "panels",
    "picture_grid",
    "results_table",
    "show",
    "show_source",
    "table",
    "use_style",
]

use_style()
