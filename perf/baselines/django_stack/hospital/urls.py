"""The address of bookings."""

# Its libraries are not there where Matron's types are checked.
# mypy: ignore-errors
from __future__ import annotations

from django.urls import path
from hospital.views import TokensView

urlpatterns = [path("api/v1/tokens/", TokensView.as_view())]
