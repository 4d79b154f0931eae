from django.urls import path

from kyc import views

app_name = "kyc"
urlpatterns = [
    path("application/capture/", views.capture, name="capture"),
    path("application/capture/test/", views.rehearsal, name="rehearsal"),
    path("application/capture/done/", views.done, name="done"),
    path("application/capture/face/begin/", views.begin_face, name="begin_face"),
    path("application/capture/face/promise/", views.promise_face, name="promise_face"),
    path("application/capture/<slug:item>/", views.item, name="item"),
    path("application/capture/<slug:item>/photo/", views.photo, name="photo"),
    path("application/capture/<slug:item>/<uuid:key>/", views.piece, name="piece"),
    path("application/waiting/", views.review, name="review"),
    path("application/waiting/status/", views.standing, name="standing"),
    path("application/waiting/objection/", views.objection, name="objection"),
    path("application/waiting/end/", views.accept, name="accept"),
]
