{{/*
What each service is: its name, the sections of options that it knows (ChartTests holds them against the sources), its ports with what the Service calls them, and what it is given.
Of stores it gets the addresses and secrets that services/README.md says it needs.
*/}}
{{- define "mailcloud.services" -}}
smtpIngress:
  name: smtp-ingress
  sections: [AzureStorage, Cluster, Credentials, Hosting, Oidc, RabbitMq, Sending, Smtp, Tls, Tracing]
  ports: {smtp: 2525, submission: 2587, submissions: 2465, health: 8082}
  secrets: [storage, redis, rabbitMq, credentials]
  certificates: true
mailboxAccess:
  name: mailbox-access
  sections: [AzureStorage, Cluster, Credentials, Hosting, Imap, Oidc, Pop3, Tls]
  ports: {imap: 2143, imaps: 2993, pop3: 2110, pop3s: 2995, health: 8082}
  secrets: [storage, redis, credentials]
  certificates: true
mailboxes:
  name: mailboxes
  sections: [AzureStorage, Backup, Cluster, Hosting, Mailboxes, RabbitMq, Tracing]
  ports: {silo: 11111, gateway: 30000, health: 8082}
  secrets: [storage, redis, rabbitMq, backup]
localDelivery:
  name: local-delivery
  sections: [AzureStorage, Cluster, Delivery, Hosting, RabbitMq, Reports, Tracing]
  ports: {health: 8082}
  secrets: [storage, redis, rabbitMq]
outboundRelay:
  name: outbound-relay
  sections: [AzureStorage, Cluster, Hosting, RabbitMq, Relay, Reports, Tls, Tracing]
  ports: {health: 8082}
  secrets: [storage, redis, rabbitMq]
web:
  name: web
  sections: [AzureStorage, Cluster, Credentials, Hosting, Oidc, RabbitMq, Sending, Tls, Tracing, Web]
  ports: {http: 8080, admin: 8081}
  secrets: [storage, redis, rabbitMq]
  adminToken: true
  vapidKey: true
{{- end }}

{{/* Options that follow from how the chart runs the services; values go before them. */}}
{{- define "mailcloud.defaults" -}}
Hosting: {Health: "0.0.0.0:8082"}
# Of silos; clients of theirs do not ask.
Cluster: {Kubernetes: true}
Smtp:
  HostName: {{ .Values.hostName | quote }}
  Mx: 0.0.0.0:2525
  Submission: 0.0.0.0:2587
  Submissions: 0.0.0.0:2465
  ProxyNetworks: {{ .Values.proxyNetworks | quote }}
Imap:
  Plain: 0.0.0.0:2143
  Tls: 0.0.0.0:2993
  ProxyNetworks: {{ .Values.proxyNetworks | quote }}
Pop3:
  Plain: 0.0.0.0:2110
  Tls: 0.0.0.0:2995
  ProxyNetworks: {{ .Values.proxyNetworks | quote }}
Tls: {Directory: /run/tls}
Reports: {HostName: {{ .Values.hostName | quote }}}
Relay: {HostName: {{ .Values.hostName | quote }}}
Web:
  Http: 0.0.0.0:8080
  Admin: 0.0.0.0:8081
  AdminTokenFile: /run/admin/token
  Jmap:
    HostName: {{ .Values.hostName | quote }}
    {{- if .Values.secrets.vapidKey.name }}
    Push: {VapidKeyFile: /run/vapid/key}
    {{- end }}
  # As they are from outside: the Services' ports.
  Mail:
    Host: {{ .Values.hostName | quote }}
    {{- with .Values.mailboxAccess.service.ports }}
    Imaps: {{ .imaps | default 0 }}
    Imap: {{ .imap | default 0 }}
    Pop3s: {{ .pop3s | default 0 }}
    Pop3: {{ .pop3 | default 0 }}
    {{- end }}
    {{- with .Values.smtpIngress.service.ports }}
    Submissions: {{ .submissions | default 0 }}
    Submission: {{ .submission | default 0 }}
    {{- end }}
{{- end }}

{{/* appsettings.json of a service: of all options those whose sections it knows. Takes (dict "root" $ "key" KEY "is" SERVICE). */}}
{{- define "mailcloud.settings" -}}
{{- $own := (index .root.Values .key).config -}}
{{- $all := mergeOverwrite (fromYaml (include "mailcloud.defaults" .root)) (deepCopy .root.Values.config) (deepCopy $own) -}}
{{- range $section, $_ := $own }}{{ if not (has $section (append $.is.sections "Logging")) }}{{ fail (printf "%s.config.%s: this service has no such section" $.key $section) }}{{ end }}{{ end -}}
{{- /* The relay and Web know the section from shared/Wire, and have no listener of it. */ -}}
{{- if not .is.certificates }}{{ $_ := unset $all "Tls" }}{{ end -}}
{{- $mine := dict -}}
{{- range append .is.sections "Logging" }}{{ if hasKey $all . }}{{ $_ := set $mine . (index $all .) }}{{ end }}{{ end -}}
{{- toPrettyJson $mine -}}
{{- end }}
