"""Pages of a counter's head."""

from django.urls import path

from enrollment.counter import lead_views

urlpatterns = [
    path("lead/", lead_views.lead, name="lead"),
    path("lead/recheck/<int:pk>/", lead_views.recheck, name="recheck"),
]
