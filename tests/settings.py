"""The portal's own settings on one machine, with a state folder per test process and nothing slow."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("TEST_STATE", tempfile.mkdtemp(prefix="portal-"))  # test processes inherit it
os.environ["STATE"] = str(Path(os.environ["TEST_STATE"]) / os.environ.get("PYTEST_XDIST_WORKER", "main"))
os.environ["EMBEDDED"] = "1"
os.environ["LOG_LEVEL"] = "WARNING"

from portal.settings import *  # noqa: F403
from portal.settings import DATABASES, PAYMENT_URLS, STATE, STORAGES

ON_POSTGRESQL = DATABASES["default"]["ENGINE"].endswith("postgresql")
if not ON_POSTGRESQL:
    DATABASES["default"]["TEST"] = {"NAME": str(STATE / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
(STATE / "static").mkdir(exist_ok=True)
INVOICE_URL = "local:"  # the provider's twin is tried where it is started
PAYMENT_URLS["vietqr"] = PAYMENT_URLS["vietqr"].replace("sepay+", "vietqr+")  # SePay's dialect has tests of its own
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
