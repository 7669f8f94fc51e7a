"""What gunicorn serves."""

# Its libraries are not there where Matron's types are checked.
# mypy: ignore-errors
from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hospital.settings")

application = get_wsgi_application()
