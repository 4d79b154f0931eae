"""What PKI clients call, under the address that is printed in every certificate."""

from django.urls import path

from signing.authority import api

app_name = "authority"
urlpatterns = [
    path("tsa", api.timestamp, name="timestamp"),
    path("<slug:serial>.cer", api.certificate, name="certificate"),
    path("<slug:serial>.crl", api.revocation_list, name="list"),
    path("<slug:serial>/<int:shard>.crl", api.revocation_list),
    path("<slug:serial>/ocsp", api.status, name="status"),
    path("<slug:serial>/ocsp/<path:question>", api.status),
]
