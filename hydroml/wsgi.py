"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hydroml.settings")
application = get_wsgi_application()

# Bokeh, half a second: before this process takes requests, and not in the first that asks it for a plot.
import data_tools.plots  # noqa: E402, F401
