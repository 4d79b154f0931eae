"""Ground floor: the site itself and what every app stands on. It imports no other app."""

import django_stubs_ext

from portal.celery import app as celery_app

django_stubs_ext.monkeypatch()  # so that ModelAdmin[User] may be written at run time too

__all__ = ["celery_app"]
