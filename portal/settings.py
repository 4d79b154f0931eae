"""Every setting, read once from the environment. docs/operating.md lists the variables; a test keeps the two in step."""

import os
import sys
from pathlib import Path

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal import environment, logs
from portal.environment import database, env, files, local_bank, local_invoices, origin_of, required, secret

django_stubs_ext.monkeypatch()  # so that ModelAdmin[User] may be written at run time too
BASE_DIR = Path(__file__).resolve().parent.parent

# ── Where we stand: one machine on embedded defaults, or a deployment that must name every secret ──
EMBEDDED: bool = environment.EMBEDDED
DEMO: bool = env.bool("DEMO", default=EMBEDDED)
DEMO_FILES: bool = env.bool("DEMO_FILES", default=DEMO)
DEBUG: bool = env.bool("DEBUG", default=False)
TESTING = "pytest" in sys.modules
STATE = environment.state(BASE_DIR / "var")
# The metrics library reads this when first imported: counters of all web processes meet in this folder.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(STATE / "metrics"))

if DEMO and not EMBEDDED:
    raise ImproperlyConfigured("DEMO=1 opens every account: it works with EMBEDDED=1 only.")
if DEBUG and not EMBEDDED:
    raise ImproperlyConfigured("DEBUG=1 shows what no stranger may see: it works with EMBEDDED=1 only.")

SECRET_KEY = secret("SECRET_KEY")
METRICS_TOKEN = secret("METRICS_TOKEN")
PORT: int = env.int("PORT", default=8000)
BIND: str = env.str("BIND", default="127.0.0.1" if EMBEDDED else "0.0.0.0")
# Which doors a web process serves: the public's pages, the staff's desk, or all (docs/operating.md, "The database's roles").
DOORS: str = env.str("DOORS", default="all")
if DOORS not in ("all", "public", "desk"):
    raise ImproperlyConfigured(f"DOORS={DOORS} is neither all, public nor desk.")
SITE_URL = required("SITE_URL", f"http://localhost:{PORT}").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if EMBEDDED else [])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("HOSTS is missing: name the hosts that this portal answers for.")
SECURE = SITE_URL.startswith("https://")
if not SECURE and not EMBEDDED:
    raise ImproperlyConfigured("SITE_URL must begin with https:// outside EMBEDDED=1.")
DESK_URL = env.str("DESK_URL", default=SITE_URL).rstrip("/")  # where staff reach theirs

# ── The outside: database, broker, files, mail, SMS, keys ──
DATABASES = {
    "default": database(
        required("DATABASE_URL", f"sqlite:///{STATE}/portal.sqlite3"), env.int("DATABASE_POOL", default=8)
    )
}
# Empty on one machine: `manage.py up` starts a Redis of its own on this socket.
REDIS_URL: str = env.str("REDIS_URL", default="")
if not REDIS_URL:
    if not EMBEDDED:
        raise ImproperlyConfigured("REDIS_URL is missing: name the Redis that carries the tasks.")
    REDIS_URL = f"redis+socket://{STATE}/redis.sock?virtual_host=0"
    EMBEDDED_REDIS = True
else:
    EMBEDDED_REDIS = False
STORAGE_URL = required("STORAGE_URL", f"file://{STATE}/files")
MAIL_URL = required("MAIL_URL", f"filemail:///{STATE}/inbox/mail")
MAIL_FROM: str = env.str("MAIL_FROM", default="VNPT SmartCA <khong-tra-loi@smartca.example.vn>")
SMS_URL = required("SMS_URL", "local:")
for _name, _url in (("SMS_URL", SMS_URL), ("MAIL_URL", MAIL_URL)):
    if not EMBEDDED and _url.startswith(("local:", "filemail:")):
        raise ImproperlyConfigured(f"{_name} leaves messages readable in a folder: that is for EMBEDDED=1 only.")
SMS_TEMPLATES: dict[str, str] = env.dict("SMS_TEMPLATES", default={})  # our template name → the provider's template id
KEYS_URL = required("KEYS_URL", f"file://{STATE}/keys.json")
MASTER_KEYS: str = env.str("MASTER_KEYS", default="")  # for KEYS_URL=env:
KEYS_PIN: str = env.str("KEYS_PIN", default="")  # for KEYS_URL=pkcs11:
# The signer alone reaches keys that sign: a process of its own, whose keys no other part is given.
SIGNER: bool = env.bool("SIGNER", default=False)
SIGNER_KEYS_URL: str = env.str("SIGNER_KEYS_URL", default=f"file://{STATE}/signer/keys.json" if EMBEDDED else "")
SIGNER_KEYS: str = env.str("SIGNER_KEYS", default="")  # for SIGNER_KEYS_URL=env:
VAULT_URL: str = env.str("VAULT_URL", default="software:")
VAULT_PIN: str = env.str("VAULT_PIN", default="")  # for VAULT_URL=pkcs11:
KEY_KIND = environment.key_kind("KEY_KIND")  # of customers; SmartCA issues RSA-2048 today
AUTHORITY_KIND = environment.key_kind("AUTHORITY_KIND")  # of the provider's own, from the next ceremony on
CA_URL: str = env.str("CA_URL", default="embedded:")
# Printed in every certificate. An address of numbers on one machine: linters take "localhost" for no host.
PKI_URL = required("PKI_URL", f"http://127.0.0.1:{PORT}/pki").rstrip("/")
ROOT_FOLDER = Path(env.str("ROOT_FOLDER", default=f"{STATE}/root-offline"))  # the root's key while the ceremony lasts
CERTIFICATE_POLICY = environment.oid(
    "CERTIFICATE_POLICY", ""
)  # said in subscribers' certificates; those of SmartCA say none
TIMESTAMP_POLICY = environment.oid("TIMESTAMP_POLICY", "2.999.1")  # of the arc for examples: no policy is registered
ALGORITHM_ENDS = environment.ends("ALGORITHM_ENDS")  # kind of key → until when what it stamped counts
CLOCK = environment.clock()  # how the signer knows the time that it vouches for
TRUSTED_ROOTS: str = env.str("TRUSTED_ROOTS", default="")  # a folder of further roots for the verification page
if SIGNER and not EMBEDDED and VAULT_URL.startswith("software:") and not SIGNER_KEYS_URL:
    raise ImproperlyConfigured("SIGNER_KEYS_URL is missing: the signer needs its key-encryption keys.")
# Payment gateways, in the order in which customers see them; on one machine a local bank plays all of them.
BANK_PORT: int = env.int("BANK_PORT", default=PORT + 1)
PAYMENT_URLS: dict[str, str] = {
    "vietqr": env.str("VIETQR_URL", default=""),
    "vnpay": env.str("VNPAY_URL", default=""),
    "momo": env.str("MOMO_URL", default=""),
}
LOCAL_BANK = EMBEDDED and not any(PAYMENT_URLS.values())
if LOCAL_BANK:
    PAYMENT_URLS = local_bank(BANK_PORT)
# Who issues the e-invoices of what was paid.
_OURS = (local_invoices(BANK_PORT) if LOCAL_BANK else "local:") if EMBEDDED else ""
INVOICE_URL: str = env.str("INVOICE_URL", default=_OURS)
if not EMBEDDED and INVOICE_URL.startswith("local:"):
    raise ImproperlyConfigured("INVOICE_URL makes up numbers that are no invoices: that is for EMBEDDED=1 only.")
# VNeID, a second way in: shut where nothing is named; on one machine a simulator of ours plays it.
VNEID_PORT: int = env.int("VNEID_PORT", default=PORT + 2)
VNEID_URL: str = env.str("VNEID_URL", default=environment.local_vneid(VNEID_PORT) if EMBEDDED else "")
LOCAL_VNEID = EMBEDDED and f"@localhost:{VNEID_PORT}" in VNEID_URL
VNEID_KEYS: list[str] = env.list("VNEID_KEYS", default=[])  # secrets that still count beside the one in the address
VNEID_RSA: str = env.str("VNEID_RSA", default="")  # our private keys (PEM), for the dialect that wraps by them
AUDIT_ANCHOR = Path(required("AUDIT_ANCHOR", f"{STATE}/audit-anchor.jsonl"))

STORAGES = {
    "default": files(STORAGE_URL),
    "staticfiles": {"BACKEND": "portal.gateways.storage.StaticFiles"},
}
vars().update(environ.Env.email_url_config(MAIL_URL))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL_FROM

# ── The site ──
INSTALLED_APPS = [
    "portal.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    *("allauth", "allauth.account", "allauth.mfa", "allauth.usersessions"),
    "rest_framework",
    "csp",
    "django_structlog",
    "portal",
    "enrollment.orders",
    "enrollment",
    "enrollment.counter",
    "kyc",
    "signing.authority",
    "signing",
]
MIDDLEWARE = [
    "portal.middleware.Metrics",
    "portal.middleware.WellFormed",
    "portal.middleware.BodyLimit",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.Headers",
    "enrollment.counter.layers.Screen",
    "portal.middleware.Sessions",
    "portal.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.AccountLanguage",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.middleware.Devices",
    "portal.middleware.SessionLimits",
    "enrollment.counter.layers.AtCounter",
    "portal.middleware.SecondFactor",
    "portal.middleware.Doors",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.middleware.Refusals",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.pages.site",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "portal.templatetags.elements"],
        },
    }
]
FORM_RENDERER = "portal.rendering.Renderer"
STATIC_URL = "/static/"
STATIC_ROOT = STATE / "static"
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STATICFILES_DIRS = [BASE_DIR / "static"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
HOTLINE = "18001260"
SECURITY_CONTACT: str = env.str("SECURITY_CONTACT", default="mailto:bao-mat@smartca.example.vn")
# Review: an hour in office hours is promised (DOMAIN §1.5). Days 1 (Monday) to 7; the clock rests outside of them.
OFFICE_HOURS: str = env.str("OFFICE_HOURS", default="1-5 07:30-11:30 13:00-17:00")
# The holidays with a fixed day; those of the moon (Tết, Hùng Kings) and days moved are announced for each year.
HOLIDAYS: list[str] = ["01-01", "04-30", "05-01", "09-02", *env.list("HOLIDAYS", default=[])]
REVIEW_MINUTES: int = env.int("REVIEW_MINUTES", default=60)
EKYC_URL: str = env.str("EKYC_URL", default="local:")
ACCEPT_CMND: bool = env.bool("ACCEPT_CMND", default=False)  # not valid since 01/01/2025 (DOMAIN §0.6)

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_TZ = True
USE_I18N = True
# Django's Vietnamese reads 03/04/2021 as 4 March and refuses 28/03/2021: our formats stand here.
FORMAT_MODULE_PATH = ["portal.formats"]

# ── Security ──
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SECURE else []
SESSION_ENGINE = "portal.sessions"
SESSION_COOKIE_AGE = 12 * 3600  # the longest any role may stay signed in; shorter ones in portal/accounts/roles.py
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$", r"^pki/"]  # PKI clients speak plain HTTP
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", default=0)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF, "blob:"],
        "manifest-src": [SELF],
        "frame-src": [SELF],
        # A POST that ends at a payment gateway, or at VNeID, needs that origin here.
        "form-action": [SELF, *[origin_of(url) for url in (*PAYMENT_URLS.values(), VNEID_URL) if url]],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
BODY_LIMIT: int = env.int("BODY_LIMIT", default=25_000_000)  # the largest request of any kind
WEB_THREADS: int = env.int("WEB_THREADS", default=4)  # requests at one time in each web process
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# ── People ──
AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["portal.accounts.backend.Backend"]
PASSWORD_HASHERS = ["portal.accounts.passwords.PasswordHasher"]
PASSWORD_RULES = ("FourKinds", "NotAboutThePerson", "NotCommon")
AUTH_PASSWORD_VALIDATORS = [{"NAME": f"portal.accounts.passwords.{rule}"} for rule in PASSWORD_RULES]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index" if DOORS == "desk" else "enrollment:landing"
ACCOUNT_ADAPTER = "portal.accounts.signing_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_USER_DISPLAY = "portal.accounts.opening.display_name"
ACCOUNT_USERNAME_MIN_LENGTH = 64
ACCOUNT_PRESERVE_USERNAME_CASING = True
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_RATE_LIMITS = False  # they sit in a cache and are not atomic; ours are rows (portal/allowances.py)
ACCOUNT_FORMS = {
    "login": "portal.forms.SignInForm",
    "reauthenticate": "portal.forms.ConfirmPasswordForm",
    "change_password": "portal.forms.ChangePasswordForm",
}
MFA_ADAPTER = "portal.accounts.second_factor.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "VNPT SmartCA"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "portal.forms.SecondFactorForm",
    "reauthenticate": "portal.forms.ConfirmSecondFactorForm",
    "activate_totp": "portal.forms.ActivateTOTPForm",
}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EMBEDDED  # localhost only: browsers offer passkeys nowhere else without TLS
USERSESSIONS_TRACK_ACTIVITY = False
# Used sign-in codes must be remembered by every process and survive a Redis that restarts empty.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

# ── API ──
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.problems.GuardedJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "EXCEPTION_HANDLER": "portal.problems.answer",
}

# ── Tasks ──
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "visibility_timeout": 60,
    "max_retries": 1,  # a request must not wait for a broker that is away; the sweep finds what it could not tell
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = TIME_ZONE
# What runs on schedule, and on which queue, each app's part says (portal/parts.py).
CELERY_BEAT_SCHEDULE: dict[str, object] = {}
CELERY_TASK_ROUTES: dict[str, object] = {}

# ── Logs: JSON lines, one request id from the page to the task, personal data struck out ──
LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO")
LOGGING = logs.configuration(LOG_LEVEL, readable=EMBEDDED and sys.stderr.isatty())
LOGGING_CONFIG = "portal.logs.configure"
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"

SILENCED_SYSTEM_CHECKS = [] if SECURE else ["security.W004", "security.W008", "security.W012", "security.W016"]
