from django.urls import include, path

from enrollment.counter import figures_views, referral_views, views

app_name = "counter"
urlpatterns = [
    path("", views.queue, name="list"),
    path("new/", views.new, name="new"),
    path("find/", views.find, name="find"),
    path("branch/", views.branch, name="branch"),
    path("figures/", figures_views.figures, name="figures"),
    path("figures/files/", figures_views.files, name="figures_files"),
    path("referral/", referral_views.referral, name="referral"),
    path("referral/poster/", referral_views.poster, name="poster"),
    path("", include("enrollment.counter.drawer_urls")),
    path("", include("enrollment.counter.lead_urls")),
    path("", include("enrollment.counter.rehearsal_urls")),
    path("<str:reference>/", views.file, name="file"),
    path("<str:reference>/now/", views.now, name="now"),
    path("<str:reference>/invite/", views.invite, name="invite"),
    path("<str:reference>/correct/", views.correct, name="correct"),
    path("", include("enrollment.counter.passing_urls")),
    path("<str:reference>/attest/", views.attest, name="attest"),
    path("<str:reference>/end/", views.end, name="end"),
]
