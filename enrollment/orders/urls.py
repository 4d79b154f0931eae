from django.urls import path

from enrollment.orders import api

app_name = "orders"
urlpatterns = [
    path("api/payments/<slug:gateway>/", api.payment_notice, name="payment_notice"),  # what payment gateways call
]
