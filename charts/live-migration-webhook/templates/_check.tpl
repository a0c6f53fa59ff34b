{{/* A pod that asks the service as the API server will ask it. */}}

{{- define "lmw.checkLabels" -}}
{{ include "lmw.labels" . }}
app.kubernetes.io/component: check
{{- end -}}

{{/* The pod as a peer of network policies. */}}
{{- define "lmw.checkPeer" -}}
- podSelector:
    matchLabels:
      {{- include "lmw.selectorLabels" . | nindent 6 }}
      app.kubernetes.io/component: check
{{- end -}}

{{- define "lmw.checkPod" -}}
{{- $name := include "lmw.fullname" . -}}
{{- $kept := eq .Values.certificates.source "self-signed" -}}
{{- $account := ternary (printf "%s-certs" $name) (include "lmw.serviceAccount" .) $kept -}}
{{- include "lmw.pod" (dict "root" . "account" $account) }}
restartPolicy: Never
initContainers:
  - name: ready
    {{- include "lmw.container" . | nindent 4 }}
    resources: {{- toYaml .Values.postInstallCheck.resources | nindent 6 }}
    command: [python, -c]
    args:
      - |
        import sys, time, urllib.request
        deadline = time.time() + {{ .Values.postInstallCheck.timeoutSeconds }}
        while True:
            try:
                with urllib.request.urlopen("http://{{ $name }}.{{ .Release.Namespace }}.svc:8080/readyz", timeout=5) as answer:
                    sys.exit(print(answer.read().decode()))
            except OSError as error:
                if time.time() > deadline:
                    sys.exit(f"the service isn't ready: {error}")
                time.sleep(2)
containers:
  - name: certificates
    {{- include "lmw.container" . | nindent 4 }}
    resources: {{- toYaml .Values.postInstallCheck.resources | nindent 6 }}
    args:
      - certs
      - show
      - --address={{ $name }}.{{ .Release.Namespace }}.svc:{{ .Values.service.port }}
      {{- if $kept }}
      - --namespace={{ .Release.Namespace }}
      - --name={{ $name }}
      {{- include "lmw.configurations" . | trim | nindent 6 }}
      {{- end }}
    {{- with include "lmw.tokenMount" . }}
    volumeMounts: {{- . | nindent 6 }}
    {{- end }}
{{- with include "lmw.tokenVolume" . }}
volumes: {{- . | nindent 2 }}
{{- end }}
{{- end -}}
