from django.urls import path

from kyc import phone_views, views

app_name = "kyc"
urlpatterns = [
    path("application/capture/", views.capture, name="capture"),
    path("application/capture/test/", views.rehearsal, name="rehearsal"),
    path("application/capture/again/", views.again, name="again"),
    path("application/capture/done/", views.done, name="done"),
    path("application/capture/face/begin/", views.begin_face, name="begin_face"),
    path("application/capture/face/promise/", views.promise_face, name="promise_face"),
    path("application/capture/phone/", phone_views.desk, name="phone"),
    path("application/capture/phone/code.svg", phone_views.code_to_scan, name="phone_qr"),
    path("application/capture/phone/status/", phone_views.standing, name="phone_standing"),
    path("application/capture/phone/open/", phone_views.this_phone, name="this_phone"),
    path("application/capture/phone/code/", phone_views.code, name="phone_code"),
    path("application/capture/phone/code/status/", phone_views.code_standing, name="phone_code_standing"),
    path("application/capture/phone/done/", phone_views.done, name="phone_done"),
    path("application/capture/<slug:item>/", views.item, name="item"),
    path("application/capture/<slug:item>/photo/", views.photo, name="photo"),
    path("application/capture/<slug:item>/<uuid:key>/", views.piece, name="piece"),
    path("application/waiting/", views.review, name="review"),
    path("application/waiting/status/", views.standing, name="standing"),
    path("application/waiting/answer/", views.answer, name="answer"),
    path("application/waiting/objection/", views.objection, name="objection"),
    path("application/waiting/end/", views.accept, name="accept"),
]
