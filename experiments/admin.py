from django.contrib import admin

from experiments.models import Experiment, Trial


class TrialInline(admin.TabularInline):
    model = Trial
    extra = 0
    fields = readonly_fields = ("number", "batch", "parameters", "score")
    can_delete = False


@admin.register(Experiment)
class ExperimentAdmin(admin.ModelAdmin):
    list_display = ("name", "project", "model", "nse", "baseline_nse", "created_at")
    list_select_related = ("project",)
    search_fields = ("name", "project__name")
    readonly_fields = (
        "project",
        "source",
        "created_by",
        "job",
        "spec",
        "result",
        "predictions_path",
        "nse",
        "baseline_nse",
    )
    inlines = (TrialInline,)
