"""What is not the straight way."""

from django.urls import path

from enrollment.counter import passing_views

urlpatterns = [
    path("<str:reference>/known/", passing_views.known, name="known"),
    path("<str:reference>/resend/", passing_views.resend, name="resend"),
    path("<str:reference>/take/", passing_views.take, name="take"),
    path("<str:reference>/slip/", passing_views.slip, name="slip"),
]
