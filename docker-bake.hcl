// The image for both architectures, from the Dockerfile: `docker buildx bake`. A release gives BASE with the digest that
// the tag has then, for what is built to be known: BASE=python:3.11.14-slim-bookworm@sha256:… docker buildx bake
variable "BASE" {
  default = "python:3.11.14-slim-bookworm"
}

variable "IMAGE" {
  default = "live-migration-webhook:0.1.0"
}

target "default" {
  platforms = ["linux/amd64", "linux/arm64"]
  args      = { BASE = BASE }
  tags      = [IMAGE]
  labels    = { "org.opencontainers.image.base.name" = "docker.io/library/${BASE}" }
}
