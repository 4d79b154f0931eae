"""The whole map of the site on one screen."""

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal import api, views
from portal.demo import desk
from portal.parts import Part, parts

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.permission_denied"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"

portal = [
    path("account/", views.account, name="account"),
    path("account/second-factor/", views.second_factor, name="second_factor"),
    path("account/sessions/", views.sessions, name="sessions"),
    path("account/sessions/end/", views.end_sessions, name="end_sessions"),
    path("account/sessions/end/<int:pk>/", views.end_sessions, name="end_session"),
    path("password/forgotten/", views.forgotten, name="forgotten"),
    path("password/new/", views.new_password, name="new_password"),
    path("language/", views.language, name="language"),
    path("session/", views.session, name="session"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("counters/", views.counters, name="counters"),
    path("security/", views.security, name="security"),
]
urlpatterns = [
    path("", include("enrollment.urls")),
    path("", include("enrollment.orders.urls")),
    path("counter/", include("enrollment.counter.urls")),
    path("", include("enrollment.counter.screen")),
    path("", include("kyc.urls")),
    path("", include("signing.urls")),
    path("", include((portal, "portal"))),
    # Of allauth only the doors we use: no sign-up, no e-mail management, no reset by link.
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/security/webauthn/login/", views.passkey_sign_in, name="mfa_login_webauthn"),
    path("account/security/", include("allauth.mfa.urls")),
    # One way to change a password and to sign out; Django's own would pass by our rules, limits and notices.
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/logout/", RedirectView.as_view(pattern_name="account_logout")),
    # One way to sign in, second factor included.
    path("admin/login/", secure_admin_login(admin.site.login)),
    path("admin/", admin.site.urls),
    path("api/sms/<uuid:message>/<str:token>/", api.sms_report, name="sms_report"),
    path(".well-known/security.txt", views.security_txt),
    path(".well-known/change-password", RedirectView.as_view(pattern_name="account_change_password")),
    path("robots.txt", views.robots_txt),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("metrics", views.scrape),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include((desk.urls, "demo"))))
    urlpatterns += [path("demo/", include(list(part.urls))) for part in parts(Part) if part.urls]
