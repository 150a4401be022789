{{- define "mailcloud.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "mailcloud.labels" -}}
{{ include "mailcloud.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: mailcloud
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Every pod of this release. */}}
{{- define "mailcloud.selector" -}}
app.kubernetes.io/name: mailcloud
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "mailcloud.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "mailcloud.fullname" .) }}
{{- end }}

{{- define "mailcloud.image" -}}
{{ with .root.Values.image }}{{ with .registry }}{{ . }}/{{ end }}{{ .prefix }}{{ $.is.name }}:{{ .tag | default $.root.Chart.AppVersion }}{{ end }}
{{- end }}

{{/* The variable that each secret becomes: the option's own name. */}}
{{- define "mailcloud.variables" -}}
storage: AzureStorage__ConnectionString
redis: Cluster__Redis
rabbitMq: RabbitMq__Password
credentials: Credentials__Secret
backup: Backup__ConnectionString
{{- end }}

{{/* What the silos' options say of the cluster: {id, kubernetes}. */}}
{{- define "mailcloud.cluster" -}}
{{- $is := index (fromYaml (include "mailcloud.services" .)) "mailboxes" -}}
{{- $cluster := (fromJson (include "mailcloud.settings" (dict "root" . "key" "mailboxes" "is" $is))).Cluster -}}
{{- dict "id" ($cluster.Id | default "mailcloud") "kubernetes" $cluster.Kubernetes | toJson -}}
{{- end }}
