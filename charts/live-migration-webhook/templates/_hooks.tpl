{{/* The parts that the four hooks share, and the conditions under which the API server calls at all. */}}

{{/*
Where the API server calls. Arguments: root, path. Where somebody else puts the caBundle there, none is rendered, so
that an upgrade leaves it alone.
*/}}
{{- define "lmw.clientConfig" -}}
{{- if .root.Values.webhooks.url -}}
url: {{ trimSuffix "/" .root.Values.webhooks.url }}{{ .path }}
{{- else -}}
service:
  name: {{ include "lmw.fullname" .root }}
  namespace: {{ .root.Release.Namespace }}
  path: {{ .path }}
  port: {{ .root.Values.service.port }}
{{- end }}
{{- with .root.Values.certificates }}
{{- if and (eq .source "existing-secret") .existingSecret.caBundle }}
caBundle: {{ b64enc .existingSecret.caBundle }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The webhook configurations that there are, as options of `certs` commands. */}}
{{- define "lmw.configurations" -}}
{{- $hooks := .Values.webhooks -}}
{{- if or $hooks.validateMigrations.enabled $hooks.validateVirtualMachines.enabled }}
- --validating={{ include "lmw.fullname" . }}
{{- end }}
{{- if or $hooks.mutateMigrations.enabled $hooks.mutatePods.enabled }}
- --mutating={{ include "lmw.fullname" . }}
{{- end }}
{{- end -}}

{{/* Metadata of both webhook configurations. */}}
{{- define "lmw.hooksMetadata" -}}
name: {{ include "lmw.fullname" . }}
labels: {{- include "lmw.labels" . | nindent 2 }}
{{- if eq .Values.certificates.source "cert-manager" }}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "lmw.fullname" . }}
{{- else if and (eq .Values.certificates.source "existing-secret") .Values.certificates.existingSecret.annotations }}
annotations: {{- toYaml .Values.certificates.existingSecret.annotations | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Which namespaces are judged. Arguments: root, hook. */}}
{{- define "lmw.namespaceSelector" -}}
{{- with .hook.namespaceSelector.matchLabels }}
matchLabels: {{- toYaml . | nindent 2 }}
{{- end }}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{- prepend .root.Values.webhooks.excludedNamespaces .root.Release.Namespace | uniq | toYaml | nindent 6 }}
  - key: live-migration-webhook/ignore
    operator: NotIn
    values: ["true"]
{{- with .hook.namespaceSelector.matchExpressions }}
{{ toYaml . | indent 2 }}
{{- end }}
{{- end -}}

{{/* What every hook says. Arguments: root, hook, path, failurePolicy, sideEffects. */}}
{{- define "lmw.hook" -}}
clientConfig: {{- include "lmw.clientConfig" . | nindent 2 }}
admissionReviewVersions: ["v1"]
sideEffects: {{ .sideEffects }}
failurePolicy: {{ .failurePolicy }}
timeoutSeconds: {{ .hook.timeoutSeconds }}
matchPolicy: Equivalent
namespaceSelector: {{- include "lmw.namespaceSelector" . | trim | nindent 2 }}
{{- end -}}

{{/* KubeVirt's own service accounts. An anonymous request has no username. */}}
{{- define "lmw.writtenByKubevirt" -}}
{{- $accounts := list -}}
{{- range .Values.kubevirtNamespaces -}}
{{- $accounts = append $accounts (printf "request.userInfo.username.startsWith('system:serviceaccount:%s:kubevirt-')" .) -}}
{{- end -}}
has(request.userInfo.username) && ({{ join " || " $accounts | default "false" }})
{{- end -}}

{{/* Harvester's Migrate button starts by noting the target node on the running VMI, in KubeVirt's name. */}}
{{- define "lmw.choosesTarget" -}}
{{- $key := "'harvesterhci.io/migrationTargetNodeName'" -}}
request.resource.resource == 'virtualmachineinstances' && oldObject != null
 && has(object.metadata.annotations) && {{ $key }} in object.metadata.annotations
 && object.metadata.annotations[{{ $key }}] != ''
 && !(has(oldObject.metadata.annotations) && {{ $key }} in oldObject.metadata.annotations
 && oldObject.metadata.annotations[{{ $key }}] == object.metadata.annotations[{{ $key }}])
{{- end -}}

{{/*
Writes of VMs and VMIs that are worth a call. A VMI has no status subresource: its status, finalizers and labels come
as updates with an unchanged spec. An absent field must not make a condition fail, since a failing condition of a hook
with failurePolicy Fail refuses the write.
*/}}
{{- define "lmw.virtualMachineConditions" -}}
{{- $choosesTarget := include "lmw.choosesTarget" . | replace "\n" "" -}}
- name: not-being-deleted
  expression: "!has(object.metadata.deletionTimestamp)"
- name: new-or-changed
  expression: >-
    oldObject == null
    || (has(object.spec) ? object.spec : {}) != (has(oldObject.spec) ? oldObject.spec : {})
    || ({{ $choosesTarget }})
- name: not-written-by-kubevirt
  expression: >-
    !({{ include "lmw.writtenByKubevirt" . }})
    || ({{ $choosesTarget }})
{{- end -}}
