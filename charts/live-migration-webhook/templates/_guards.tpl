{{/* Combinations of values that can't work, each refused with what to do instead. */}}

{{/* Arguments: root, api, value. */}}
{{- define "lmw.requireApi" -}}
{{- if not (.root.Capabilities.APIVersions.Has .api) -}}
{{- fail (printf "%s needs the API %s, which this cluster doesn't have. Install it first; when rendering without a cluster, add --api-versions %s." .value .api .api) -}}
{{- end -}}
{{- end -}}

{{- define "lmw.guardCertificates" -}}
{{- $given := .Values.certificates.existingSecret -}}
{{- if eq .Values.certificates.source "cert-manager" -}}
{{- include "lmw.requireApi" (dict "root" . "api" "cert-manager.io/v1" "value" "certificates.source=cert-manager") -}}
{{- else if eq .Values.certificates.source "existing-secret" -}}
{{- if not $given.name -}}
{{- fail "certificates.source=existing-secret needs certificates.existingSecret.name." -}}
{{- end -}}
{{- if not (or $given.caBundle $given.annotations) -}}
{{- fail "certificates.source=existing-secret needs certificates.existingSecret.caBundle, or annotations by which somebody else puts it into the webhook configurations." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "lmw.guardMonitoring" -}}
{{- $monitoring := .Values.monitoring -}}
{{- if and $monitoring.serviceMonitor.enabled $monitoring.podMonitor.enabled -}}
{{- fail "monitoring.serviceMonitor and monitoring.podMonitor would count everything twice: enable one." -}}
{{- end -}}
{{- range $name := list "serviceMonitor" "podMonitor" "prometheusRule" -}}
{{- if (get $monitoring $name).enabled -}}
{{- $value := printf "monitoring.%s.enabled=true" $name -}}
{{- include "lmw.requireApi" (dict "root" $ "api" "monitoring.coreos.com/v1" "value" $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "lmw.guardPods" -}}
{{- if eq (int .Values.ports.https) (int .Values.ports.http) -}}
{{- fail "ports.https and ports.http must differ." -}}
{{- end -}}
{{- if and .Values.hostNetwork (not .Values.hostUsers) -}}
{{- fail "hostNetwork=true needs hostUsers=true: a pod on the node's network can't have a user namespace of its own." -}}
{{- end -}}
{{- if and .Values.hostNetwork .Values.networkPolicy.enabled -}}
{{- fail "networkPolicy.enabled=true has no effect on pods with hostNetwork=true: disable one." -}}
{{- end -}}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.apiServerCIDRs) -}}
{{- fail "networkPolicy.enabled=true needs networkPolicy.apiServerCIDRs: nobody else may send reviews." -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas is greater than autoscaling.maxReplicas." -}}
{{- end -}}
{{- if and .Values.priorityClassQuota.enabled (not .Values.priorityClassName) -}}
{{- fail "priorityClassQuota.enabled=true needs priorityClassName." -}}
{{- end -}}
{{- end -}}
