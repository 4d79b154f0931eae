# One image, three commands: web, worker, schedule (and prepare once per release). See compose.yaml.
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv gettext ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /portal
ENV UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1
RUN python3 -m venv /uv && /uv/bin/pip install --no-cache-dir uv==0.13.8
COPY pyproject.toml uv.lock ./
RUN /uv/bin/uv sync --frozen --no-dev --extra s3 --extra pkcs11 --extra vision --no-cache
COPY . .
RUN for catalogue in portal/locale/*/LC_MESSAGES; do msgfmt -o "$catalogue/django.mo" "$catalogue/django.po"; done

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3 ca-certificates tesseract-ocr tesseract-ocr-vie \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /state --create-home portal
COPY --from=build /portal /portal
WORKDIR /portal
USER portal
ENV STATE=/state PYTHONUNBUFFERED=1 PATH=/portal/.venv/bin:$PATH
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python3", "manage.py", "up", "--only", "web"]
