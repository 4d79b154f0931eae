"""Rehearsals: beside the other pages of the counter, under the same name."""

from django.urls import path

from enrollment.counter import rehearsal_views as views

urlpatterns = [
    path("rehearsal/", views.home, name="rehearsal"),
    path("rehearsal/begin/", views.begin, name="rehearsal_begin"),
    path("rehearsal/rules/", views.rules, name="rules"),
    path("training/", views.training, name="training"),
    path("rehearsal/<int:pk>/", views.play, name="rehearsal_open"),
    path("rehearsal/<int:pk>/act/", views.act, name="rehearsal_act"),
    path("rehearsal/<int:pk>/result/", views.result, name="rehearsal_result"),
    path("rehearsal/<int:pk>/<path:page>", views.play, name="rehearsal_play"),
]
