# `make run` starts the whole portal, `make test` passes everything, `make check` what you touched. They install what they need.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
export UV_PYTHON_DOWNLOADS := never
export PYTHONDONTWRITEBYTECODE :=
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PYTHON := .venv/bin/python
MESSAGES := $(patsubst %.po,%.mo,$(wildcard portal/locale/*/LC_MESSAGES/django.po))

.PHONY: run check test lint bench readers promises pictures system system-test messages clean
.DEFAULT_GOAL := run

run: system .venv/run $(MESSAGES)
	@EMBEDDED=$${EMBEDDED:-1} exec $(PYTHON) manage.py up

check: system-test .venv/test $(MESSAGES) lint
	$(PYTHON) -m tests.changed

test: system-test .venv/test $(MESSAGES) lint
	$(PYTHON) -m pytest -n 2 --maxschedchunk 1 -m "not postgresql and not whole" --ignore tests/browser
	# Three at a time on two cores: browsers and fallen parts make one wait more than work.
	$(PYTHON) -m tests.postgresql $(PYTHON) -m pytest -n 3 --maxschedchunk 1 -m "not once"

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	.venv/bin/djlint --lint --quiet templates
	EMBEDDED=1 $(PYTHON) manage.py makemigrations --check --dry-run

# ── What the machine lacks, and only that: programs, for none of their services is started here (Debian's policy-rc.d) ──

POLICY := /usr/sbin/policy-rc.d

define install
	@missing="$$( $(1) )"; \
	if [ -n "$$missing" ]; then \
	  command -v apt-get >/dev/null || { echo "Please install:$$missing"; exit 1; }; \
	  echo "Installing:$$missing"; \
	  [ -e $(POLICY) ] || { printf '#!/bin/sh\nexit 101\n' | $(SUDO) install -m 755 /dev/stdin $(POLICY); trap '$(SUDO) rm $(POLICY)' EXIT; }; \
	  $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
endef

# Debian's Python 3.13 and other processors have no Redis in a wheel, so there the package comes.
lacks_to_run = \
	command -v python3 >/dev/null || printf ' python3'; \
	python3 -c 'import ensurepip, venv' 2>/dev/null || printf ' python3-venv'; \
	command -v msgfmt >/dev/null || printf ' gettext'; \
	[ -e /etc/ssl/certs/ca-certificates.crt ] || printf ' ca-certificates'; \
	ls /usr/lib/*/libpangoft2-1.0.so.0 >/dev/null 2>&1 || printf ' libpango-1.0-0 libpangoft2-1.0-0'; \
	ls /usr/lib/*/libharfbuzz-subset.so.0 >/dev/null 2>&1 || printf ' libharfbuzz-subset0'; \
	command -v redis-server >/dev/null || [ -n "$${REDIS_URL:-}" ] || \
	  python3 -c 'import sys, platform; sys.exit(sys.version_info >= (3, 13) or platform.machine() != "x86_64")' 2>/dev/null || \
	  printf ' redis-server'
lacks_to_test = $(lacks_to_run); \
	command -v chromium-headless-shell >/dev/null || printf ' chromium-headless-shell'; \
	ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || printf ' postgresql'; \
	command -v redis-server >/dev/null || printf ' redis-server'; \
	command -v softhsm2-util >/dev/null || printf ' softhsm2'; \
	[ -x /usr/sbin/bearerbox ] || printf ' kannel'; \
	[ -x /usr/sbin/nginx ] || command -v nginx >/dev/null || printf ' nginx'; \
	[ -x /usr/lib/kannel/test/fakesmsc ] || printf ' kannel-extras'; \
	command -v tesseract >/dev/null || printf ' tesseract-ocr tesseract-ocr-vie'; \
	command -v pdfsig >/dev/null || printf ' poppler-utils'; \
	command -v mutool >/dev/null || printf ' mupdf-tools'; \
	command -v qpdf >/dev/null || printf ' qpdf'; \
	command -v certtool >/dev/null || printf ' gnutls-bin'; \
	command -v openssl >/dev/null || printf ' openssl'; \
	command -v javac >/dev/null || printf ' default-jdk-headless'; \
	command -v ps >/dev/null || printf ' procps'; \
	command -v runuser >/dev/null || printf ' util-linux'

system:
	$(call install,$(lacks_to_run))

system-test:
	$(call install,$(lacks_to_test))

.venv/run: uv.lock
	@$(MAKE) --no-print-directory sync WHAT="--no-dev --extra local --extra vision --extra pkcs11 --inexact"
	@touch $@

.venv/test: uv.lock
	@$(MAKE) --no-print-directory sync WHAT="--all-extras"
	@touch $@ .venv/run

.PHONY: sync
sync:
	@uv=$$(command -v uv || true); \
	if [ -z "$$uv" ]; then \
	  uv=var/uv/bin/uv; \
	  [ -x $$uv ] || { python3 -m venv var/uv && var/uv/bin/python -m pip install -q --disable-pip-version-check uv==0.13.8; }; \
	fi; \
	$$uv sync -q --frozen $(WHAT)

%.mo: %.po
	@msgfmt --check-format -o $@ $<

bench: system-test .venv/test $(MESSAGES)
	EMBEDDED=1 LOG_LEVEL=ERROR $(PYTHON) manage.py bench
	EMBEDDED=1 LOG_LEVEL=ERROR $(PYTHON) -m tests.postgresql $(PYTHON) manage.py bench

promises:
	$(PYTHON) -m tests.promises

readers: .venv/test
	@EMBEDDED=1 LOG_LEVEL=WARNING $(PYTHON) manage.py readers --write

pictures: system-test .venv/test $(MESSAGES)
	PICTURES=1 $(PYTHON) -m tests.postgresql $(PYTHON) -m pytest tests/browser/test_manual.py -q

messages:
	EMBEDDED=1 $(PYTHON) manage.py makemessages -l en --no-obsolete --no-wrap -i var -i .venv -i tests

clean:
	rm -rf var .venv
