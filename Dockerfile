# The base is named by its exact version; pin its digest too (FROM …@sha256:…) where images are built for others.
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
COPY pyproject.toml README.md ./
COPY requirements requirements
COPY certs certs
COPY webhook webhook
RUN requirements/install /opt/live-migration-webhook

FROM python:3.11.14-slim-bookworm
COPY --from=build /opt/live-migration-webhook /opt/live-migration-webhook
ENV PATH=/opt/live-migration-webhook/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 9443 8080
ENTRYPOINT ["live-migration-webhook"]
CMD ["serve"]
