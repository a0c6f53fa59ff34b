{{/* Names, labels and the image: what every object shares. */}}

{{- define "lmw.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 50 characters: the longest suffix of an object's name has 13. */}}
{{- define "lmw.fullname" -}}
{{- $name := include "lmw.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "lmw.selectorLabels" -}}
app.kubernetes.io/name: {{ include "lmw.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "lmw.labels" -}}
{{ include "lmw.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Metadata of an object in the release's namespace. */}}
{{- define "lmw.metadata" -}}
name: {{ include "lmw.fullname" . }}
namespace: {{ .Release.Namespace }}
labels: {{- include "lmw.labels" . | nindent 2 }}
{{- end -}}

{{/* Metadata of an object of the certificates' keeper. */}}
{{- define "lmw.keeperMetadata" -}}
name: {{ include "lmw.fullname" . }}-certs
namespace: {{ .Release.Namespace }}
labels:
  {{- include "lmw.labels" . | nindent 2 }}
  app.kubernetes.io/component: certs
{{- end -}}

{{/* The one image of the chart; Rancher says by a global value from which registry every image comes. */}}
{{- define "lmw.image" -}}
{{- with .Values.global.cattle.systemDefaultRegistry }}{{ . }}/{{ end -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Replicas to ask for. A HorizontalPodAutoscaler owns the number, so there is none, but for an installed Deployment: helm
would take away the number that is there, and the API server puts 1 in its place until the autoscaler comes around.
*/}}
{{- define "lmw.replicas" -}}
{{- if not .Values.autoscaling.enabled -}}
{{ .Values.replicaCount }}
{{- else -}}
{{- with lookup "apps/v1" "Deployment" .Release.Namespace (include "lmw.fullname" .) -}}
{{ max (int $.Values.autoscaling.minReplicas) (int .spec.replicas) }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "lmw.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "lmw.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{/* Secret with the certificate that the service serves. */}}
{{- define "lmw.tlsSecret" -}}
{{- if eq .Values.certificates.source "existing-secret" -}}
{{ .Values.certificates.existingSecret.name }}
{{- else -}}
{{ include "lmw.fullname" . }}-tls
{{- end -}}
{{- end -}}

{{/* Names in the certificate beside those of the Service: those asked for and the host of webhooks.url; a JSON list. */}}
{{- define "lmw.furtherNames" -}}
{{- $names := .Values.certificates.dnsNames -}}
{{- with .Values.webhooks.url -}}
{{- $names = append $names (get (urlParse .) "host" | regexFind "^(\\[[^]]*\\]|[^:]*)" | trimAll "[]") -}}
{{- end -}}
{{- $names | uniq | toJson -}}
{{- end -}}
