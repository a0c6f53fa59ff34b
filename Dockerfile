# The base is named by its exact version; who builds for others gives it with its digest (see docker-bake.hcl).
ARG BASE=python:3.11.14-slim-bookworm

FROM ${BASE} AS dependencies
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
COPY requirements/install requirements/runtime.txt requirements/build.txt requirements/
RUN requirements/install /opt/live-migration-webhook dependencies

FROM dependencies AS package
COPY pyproject.toml README.md ./
COPY certs certs
COPY webhook webhook
RUN requirements/install /opt/live-migration-webhook package /package

# Another line of code makes another last layer, and no other.
FROM ${BASE}
LABEL org.opencontainers.image.title="live-migration-webhook" \
      org.opencontainers.image.description="Makes KubeVirt and Harvester live migrations work, or refuses them at once in words people can act on." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/live-migration-webhook/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 9443 8080
ENTRYPOINT ["live-migration-webhook"]
CMD ["serve"]
COPY LICENSE /licenses/
COPY --from=dependencies /opt/live-migration-webhook /opt/live-migration-webhook
COPY --from=package /package /
