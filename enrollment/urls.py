from django.urls import path

from enrollment import api, declaration_views, handover_views, own_views, payment_views, views, vneid_views

app_name = "enrollment"
urlpatterns = [
    path("", views.home, name="home"),
    path("terms/", views.terms, name="terms"),
    path("privacy/", views.privacy, name="privacy"),
    path("places/<slug:code>/", declaration_views.wards, name="wards"),
    # The steps, in the order of the browser's route
    path("register/", views.opening, name="opening"),
    path("register/back/", declaration_views.back, name="back"),
    path("register/plan/", views.plan, name="plan"),
    path("register/declaration/", declaration_views.declaration, name="declaration"),
    path("register/declaration/draft/", declaration_views.draft, name="draft"),
    path("register/declaration/card/", declaration_views.card, name="card"),
    path("register/declaration/old-address/", declaration_views.old_address, name="old_address"),
    path("register/declaration/check/", declaration_views.check, name="check"),
    path("register/payment/", payment_views.payment, name="payment"),
    path("register/payment/phone/", payment_views.phone, name="phone"),
    path("register/payment/transfer/", payment_views.transfer, name="transfer"),
    path("register/payment/transfer/qr.png", payment_views.transfer_qr, name="transfer_qr"),
    path("register/paid/", payment_views.paid, name="paid"),
    path("register/created/", views.created, name="created"),
    path("activate/", views.activation, name="activation"),
    path("activate/password/", views.password, name="password"),
    path("activate/again/", views.again, name="again"),
    path("activate/resend/", views.resend, name="resend"),
    path("activate/contact/", views.contact, name="contact"),
    # A counter's customer, on a device of their own
    path("invited/", handover_views.invited, name="invited"),
    path("invited/code/", handover_views.invited_code, name="invited_code"),
    path("register/consent/", handover_views.consent, name="consent"),
    # VNeID, the second way in
    path("vneid/", vneid_views.vneid, name="vneid"),
    path("vneid/back/", vneid_views.back, name="vneid_back"),
    path("vneid/back/<slug:transaction>/", vneid_views.back, name="vneid_back_of"),
    path("vneid/waits/", vneid_views.waits, name="vneid_waits"),
    path("vneid/introduced/", vneid_views.introduced, name="introduced"),
    path("vneid/confirmation/", vneid_views.confirmation, name="confirmation"),
    path("vneid/api/token/", api.token, name="vneid_token"),
    path("vneid/api/state/<slug:transaction>/", api.state, name="vneid_state"),
    path("vneid/api/notices/", api.notice, name="vneid_notice"),
    # One's own application at any step
    path("application/", own_views.standing, name="standing"),
    path("application/landing/", own_views.landing, name="landing"),
    path("application/status/", payment_views.status, name="status"),
    path("application/receipt/", own_views.receipt, name="receipt"),
    path("application/consents/", own_views.consents, name="consents"),
    path("application/cancel/", own_views.cancel, name="cancel"),
    path("application/other-device/", own_views.other_device, name="other_device"),
    path("application/other-device/end/", own_views.send_away, name="send_away"),
    path("application/forget/", own_views.forget, name="forget"),
    path("resume/", own_views.resume, name="resume"),
    path("resume/code/", own_views.resume_code, name="resume_code"),
    path("resume/here/", own_views.this_device, name="this_device"),
]
