"""The panel of volume and cost: how much comes in, what is dropped, and what the month will come to."""

from __future__ import annotations

from monitor.dashboards.costs import cost_words
from monitor.dashboards.look import Look
from monitor.dashboards.panel import Line, Panel
from monitor.dashboards.step_charts import HEIGHT
from monitor.digest.system.quota import quota
from monitor.site.charts import bar_chart
from monitor.site.quantities import quantity, share
from monitor.site.strategy_file import current_strategy

SHOWN = 4


def volume(look: Look) -> Panel:
    found = quota(look.projects, current_strategy().retention.monthly_quota)
    about = (
        "Errors of this month (UTC) in all environments, against [retention] monthly_quota; its rest as the last"
        " seven days."
    )
    url = look.link("dashboards:volume")
    over = found.forecast > found.quota
    note = f"of {quantity(found.quota)} this month; {quantity(found.forecast)} at its end"
    return Panel(
        title="Volume",
        about=about,
        figure=share(found.share),
        note=f"{note}{cost_words(found.forecast)}",
        level="failed" if found.used >= found.quota else "warning" if over else "ok",
        charts=[
            bar_chart(
                found.by_day,
                labels=found.days,
                unit="errors",
                caption="Each day",
                height=HEIGHT,
                threshold=found.a_day,
                threshold_label="quota a day",
            )
        ]
        if any(found.by_day)
        else [],
        lines=[
            Line(project.name, quantity(number), share=number / found.used, counted_url=url)
            for project, number in found.by_project[:SHOWN]
            if number
        ],
        url=url,
        url_words="Volume and cost",
    )
