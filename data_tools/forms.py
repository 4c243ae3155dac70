"""Forms of data sources."""

from django import forms
from django.utils.translation import gettext_lazy as _

from data_tools.services import clean_name


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class UploadForm(forms.Form):
    """Fields of the upload page. The files themselves are checked one by one by `data_tools.arriving`."""

    file = forms.Field(label=_("Files"), required=False, widget=SeveralFiles(attrs={"multiple": True}))
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=160,
        help_text=_("Left empty, the file's own name. Several files each keep theirs."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class RenameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=160, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean_name(self) -> str:
        name = clean_name(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("The name has no character that prints. Give one."))
        return name
