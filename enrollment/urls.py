from django.urls import path

from enrollment import views

app_name = "enrollment"
urlpatterns = [
    path("", views.home, name="home"),
    path("register/", views.register, name="opening"),
    path("activate/", views.activate, name="activation"),
]
