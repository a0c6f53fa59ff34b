{{/* What every pod of the chart has: the restricted Pod Security, where it runs, and its token. */}}

{{/* Arguments: root, account. */}}
{{- define "lmw.pod" -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ .account }}
automountServiceAccountToken: {{ not $values.serviceAccount.projectedToken }}
enableServiceLinks: false
{{- with $values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- if not $values.hostUsers }}
hostUsers: false
{{- end }}
securityContext:
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "lmw.container" -}}
image: {{ include "lmw.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  # The user is the image's, or one that the cluster assigns; without a group of its own it would have root's. Not for the
  # whole pod: containerd starts none that has a group and no user.
  runAsGroup: 65532
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Where in-cluster clients look for a token, with the chart's own in place of the automounted one. */}}
{{- define "lmw.tokenMount" -}}
{{- if .Values.serviceAccount.projectedToken -}}
- name: token
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end -}}
{{- end -}}

{{- define "lmw.tokenVolume" -}}
{{- if .Values.serviceAccount.projectedToken -}}
- name: token
  projected:
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3600
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                fieldPath: metadata.namespace
{{- end -}}
{{- end -}}

{{/* A setting as text. YAML reads a bare `off` as false. */}}
{{- define "lmw.setting" -}}
{{- if kindIs "map" . -}}
{{- $pairs := list -}}
{{- range $name, $value := . -}}
{{- $pairs = append $pairs (printf "%s=%s" $name ($value | default "off")) -}}
{{- end -}}
{{- join "," $pairs -}}
{{- else if kindIs "string" . -}}
{{- . -}}
{{- else -}}
{{- toJson . -}}
{{- end -}}
{{- end -}}

{{/* Settings of the service as environment variables: `logLevel` is LIVE_MIGRATION_WEBHOOK_LOG_LEVEL. */}}
{{- define "lmw.environment" -}}
{{- $ports := .Values.ports -}}
{{- $settings := dict "listen" (printf "%s:%v" $ports.address $ports.https) -}}
{{- $settings = set $settings "probeListen" (printf "%s:%v" $ports.address $ports.http) -}}
{{- $settings = merge $settings (dict "workerTmpDir" "/tmp" "tlsDir" "/etc/live-migration-webhook/tls") .Values.settings -}}
{{- if .Values.certificates.clientAuthority -}}
{{- $settings = set $settings "clientCaFile" "/etc/live-migration-webhook/client-authority/ca.crt" -}}
{{- end -}}
{{- $settings = set $settings "controllerEnforcement" (.Values.settings.controllerEnforcement | default "off") -}}
{{- range $name, $value := $settings }}
- name: LIVE_MIGRATION_WEBHOOK_{{ $name | snakecase | upper }}
  value: {{ include "lmw.setting" $value | quote }}
{{- end }}
{{- end -}}
