"""Cash: beside the other pages of the counter, under the same name."""

from django.urls import path

from enrollment.counter import drawer_views as views

urlpatterns = [
    path("drawer/", views.drawer, name="drawer"),
    path("drawer/count/", views.count, name="count"),
    path("drawer/explain/", views.explain, name="explain"),
    path("drawer/receipts/<int:pk>/", views.receipt, name="receipt"),
    path("drawers/", views.all_drawers, name="drawers"),
    path("drawers/export/", views.export, name="export"),
    path("drawers/<int:pk>/", views.day, name="day"),
    path("drawers/refunds/<uuid:pk>/", views.pay_out, name="pay_out"),
    path("<str:reference>/cash/", views.take, name="cash"),
    path("<str:reference>/refund/", views.give_back, name="refund"),
]
