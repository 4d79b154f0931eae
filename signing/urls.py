from django.urls import include, path

from signing import views

app_name = "signing"
urlpatterns = [
    path("application/contract/", views.contract, name="contract"),
    path("application/contract/signature/", views.signature, name="signature"),
    path("application/contract/code/", views.code, name="code"),
    path("application/contract/extend/", views.extend, name="extend"),
    path("application/paper.pdf", views.shown, name="shown"),
    path("application/pin/", views.pin, name="pin"),
    path("application/act/", views.ask, name="ask"),
    path("application/act/<slug:nonce>/", views.act, name="act"),
    path("application/issuing/", views.issuance, name="issuance"),
    path("application/acceptance/", views.acceptance, name="acceptance"),
    # My SmartCA
    path("certificate/", views.certificate, name="certificate"),
    path("certificate/documents/", views.documents, name="documents"),
    path("certificate/documents/<int:pk>/", views.document, name="document"),
    path("certificate/<int:pk>/<slug:kind>/", views.file, name="file"),
    # For anybody
    path("practice/", views.practice, name="practice"),
    path("verify/", views.verify, name="verify"),
    path("verify/<slug:token>/", views.verified, name="verified"),
    path("status/<slug:token>/", views.status, name="status"),
    path("pki/", include("signing.authority.urls")),
]
