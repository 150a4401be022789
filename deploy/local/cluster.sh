#!/usr/bin/env bash
# A whole cluster on this machine: RabbitMQ, Redis and Azurite, and MailCloud's services as processes of their own on the loopback, with the demo tenant of AllInOne.
#   cluster.sh up|status|down [--PortOffset=N] [--Data=DIR] [--Silos=N] [--AccessLog] [--SaveEvery=SECONDS] [--no-build]
#   cluster.sh add mailboxes|local-delivery|outbound-relay|smtp-ingress|mailbox-access [--PortOffset=N] [--Data=DIR]
#   cluster.sh upgrade [NAME…] [--PortOffset=N] [--Data=DIR] [--no-build]
# `up` installs what is missing (Debian's packages, Azurite by npm), builds, starts everything, waits until all of it is ready and says where it listens. What exits is started again, as
# Kubernetes would. `add` starts one more of a kind and returns when it is ready. `upgrade`, of the script in another checkout, moves what runs onto that one's build, process by process, silos
# first; or only those that are named, in that order. `status` prints a line per process with its pid. `down` ends everything; the data stay in DIR (default: mailcloud-cluster).
# --Silos: how many silos `up` starts (2). --AccessLog: Azurite logs each request. --SaveEvery: how often it writes its tables down (5); what came since is lost when it is killed.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
command=${1:-}
[ $# -gt 0 ] && shift
kind= names=()
[ "$command" = add ] && { kind=${1:-} && shift; }
while [ "$command" = upgrade ] && [ $# -gt 0 ] && [[ $1 != --* ]]; do names+=("$1") && shift; done
offset=0 data=$PWD/mailcloud-cluster build=yes silos=2 silent=yes save_every=5
for option in "$@"; do
  case "$option" in
    --PortOffset=*) offset=${option#*=} ;;
    --Data=*) data=$(realpath -m "${option#*=}") ;;
    --Silos=*) silos=${option#*=} ;;
    --AccessLog) silent= ;;
    --SaveEvery=*) save_every=${option#*=} ;;
    --no-build) build= ;;
    *) echo "unknown option $option; see the top of $0" >&2; exit 2 ;;
  esac
done

# None may reach 32,768, from where the system takes the ports of connections that go out.
amqp=$((5672 + offset)) amqp_nodes=$((5673 + offset)) epmd=$((4369 + offset)) redis=$((6379 + offset)) azurite=$((10000 + offset))
silo=$((11111 + offset)) gateway=$((11121 + offset)) health=$((8091 + offset)) admin=$((8081 + offset))
run=$data/run log=$data/log
most=10 # of a kind: so many ports there are between the first silo's and the first gateway's
backing=(rabbitmq redis azurite)
kinds=(mailboxes local-delivery outbound-relay smtp-ingress mailbox-access web)

# A service's name is KIND-NUMBER. An edge listens 100 above the one before, a silo 1 above; health pages stand in pairs, each pair 100 above the one before.
health_of() { # NAME: the port of its health pages; nothing for what has none
  local first number=${1##*-}
  case "${1%-*}" in
    mailboxes) first=$health ;; smtp-ingress) first=$((health + 2)) ;; mailbox-access) first=$((health + 4)) ;; local-delivery) first=$((health + 6)) ;; outbound-relay) first=$((health + 8)) ;;
    web) echo "$admin" && return ;;
    *) return ;;
  esac
  echo $((first + (number - 1) % 2 + 100 * ((number - 1) / 2)))
}

fail() { echo "$1" >&2; exit 1; }

started() { # KIND…: the names of the services that were started
  local of
  for of in "$@"; do (cd "$run" 2>/dev/null && ls -v "$of"-*.service 2>/dev/null) | sed 's/\.service$//'; done
}

install_missing() {
  local missing=() sudo= policy=/usr/sbin/policy-rc.d
  [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing+=(rabbitmq-server)
  command -v redis-server >/dev/null || missing+=(redis-server)
  command -v npm >/dev/null || missing+=(nodejs npm)
  command -v openssl >/dev/null || missing+=(openssl)
  command -v curl >/dev/null || missing+=(curl)
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  if [ ${#missing[@]} -gt 0 ]; then
    echo "installing ${missing[*]}"
    # Only ours are started: Debian's services neither now nor at the next boot.
    [ -e "$policy" ] && policy= || printf '#!/bin/sh\nexit 101\n' | $sudo install -m 755 /dev/stdin "$policy"
    $sudo apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q "${missing[@]}" >/dev/null
    local installed=$?
    [ -z "$policy" ] || $sudo rm -f "$policy"
    [ $installed -eq 0 ] || fail "could not install ${missing[*]}"
    $sudo systemctl disable --quiet rabbitmq-server redis-server 2>/dev/null
  fi
  local version
  version=$(sed -n 's/^azurite=//p' "$root/tests/run.sh")
  if [ ! -e "$root/tests/.tools/node_modules/azurite" ]; then
    echo "installing azurite $version"
    npm install --prefix "$root/tests/.tools" --no-audit --no-fund --silent "azurite@$version" >/dev/null || fail "could not install azurite"
  fi
}

build_all() {
  echo "building"
  for project in Mailboxes LocalDelivery OutboundRelay SmtpIngress MailboxAccess Web; do
    dotnet build -c Release -v quiet --nologo "$root/services/$project" || fail "services/$project does not build"
  done
}

# Runs a command again and again until `down` ends this loop; the pid of the command that runs is in run/NAME.pid.
supervise() { # NAME COMMAND…
  local name=$1
  shift
  setsid bash -c '
    name=$1 run=$2 log=$3
    shift 3
    echo $$ >"$run/$name.loop"
    while :; do
      "$@" >>"$log/$name.log" 2>&1 &
      echo $! >"$run/$name.pid"
      wait $!
      code=$? # Not of date below.
      echo "$(date -u +%FT%T.%3NZ) $name ended with $code" >>"$log/supervisor.log"
      sleep 1
    done' - "$name" "$run" "$log" "$@" </dev/null >/dev/null 2>&1 &
}

await() { # SECONDS WHAT COMMAND…
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "$what is not ready; see $log"
    sleep 0.2
  done
}

start_backing() {
  mkdir -p "$data"/{rabbitmq/home,redis,azurite}
  printf 'listeners.tcp.1 = 127.0.0.1:%s\n' "$amqp" >"$data/rabbitmq/rabbitmq.conf"
  echo '[].' >"$data/rabbitmq/enabled_plugins"
  supervise rabbitmq env HOME="$data/rabbitmq/home" RABBITMQ_NODENAME="mailcloud$amqp@localhost" RABBITMQ_DIST_PORT="$amqp_nodes" ERL_EPMD_PORT="$epmd" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_MNESIA_BASE="$data/rabbitmq/data" RABBITMQ_LOG_BASE="$data/rabbitmq/log" RABBITMQ_LOGS=- RABBITMQ_CONFIG_FILE="$data/rabbitmq/rabbitmq.conf" RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_ENABLED_PLUGINS_FILE="$data/rabbitmq/enabled_plugins" /usr/lib/rabbitmq/bin/rabbitmq-server
  supervise redis redis-server --bind 127.0.0.1 --port "$redis" --dir "$data/redis" --appendonly yes --appendfsync always --maxmemory-policy noeviction
  supervise azurite env SAVE_EVERY="$save_every" node --require "$root/deploy/local/azurite-saves.cjs" "$root/tests/.tools/node_modules/azurite/dist/src/blob/main.js" --blobHost 127.0.0.1 --blobPort "$azurite" --location "$data/azurite" --skipApiVersionCheck --disableTelemetry ${silent:+--silent}
  await 120 rabbitmq bash -c "</dev/tcp/127.0.0.1/$amqp"
  await 30 redis bash -c "</dev/tcp/127.0.0.1/$redis"
  await 30 azurite bash -c "</dev/tcp/127.0.0.1/$azurite"
}

program_of() { # PROJECT: the dll that runs it
  # Tests put another program in a service's place: MAILCLOUD_PROGRAM_LocalDelivery=….
  local program=MAILCLOUD_PROGRAM_$1
  echo "${!program:-$root/services/$1/bin/Release/net10.0/MailCloud.$1.dll}"
}

service() { # NAME PROJECT ARGUMENTS…
  local name=$1 project=$2
  shift 2
  # Read at each start: `upgrade` names another program there. Options that it does not know it ignores, as .NET configuration does.
  program_of "$project" >"$run/$name.service"
  supervise "$name" bash -c 'exec dotnet "$(<"$0")" "$@"' "$run/$name.service" \
    --Hosting:Health="127.0.0.1:$(health_of "$name")" --Cluster:Redis="127.0.0.1:$redis" --RabbitMq:Hosts:0="127.0.0.1:$amqp" \
    --Tls:Directory="$data/tls" "$@"
}

start() { # KIND NUMBER
  local name=$1-$2 at=$((offset + 100 * ($2 - 1)))
  # The emulator's own account, whose key its documentation names.
  export AzureStorage__ConnectionString="DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:$azurite/devstoreaccount1;"
  case "$1" in
    mailboxes) service "$name" Mailboxes --Cluster:Silo="127.0.0.1:$((silo + $2 - 1))" --Cluster:Gateway="127.0.0.1:$((gateway + $2 - 1))" ;;
    local-delivery) service "$name" LocalDelivery --Reports:HostName=mail.example.test ;;
    outbound-relay) service "$name" OutboundRelay --Reports:HostName=mail.example.test --Relay:HostName=mail.example.test ;;
    smtp-ingress)
      service "$name" SmtpIngress --Smtp:HostName=mail.example.test --Smtp:PostmasterDomain=example.test \
        --Smtp:Mx="127.0.0.1:$((2525 + at))" --Smtp:Submission="127.0.0.1:$((2587 + at))" --Smtp:Submissions="127.0.0.1:$((2465 + at))"
      ;;
    mailbox-access)
      service "$name" MailboxAccess --Imap:Plain="127.0.0.1:$((2143 + at))" --Imap:Tls="127.0.0.1:$((2993 + at))" \
        --Pop3:Plain="127.0.0.1:$((2110 + at))" --Pop3:Tls="127.0.0.1:$((2995 + at))"
      ;;
    web) service "$name" Web --Web:Http="127.0.0.1:$((8080 + offset))" --Web:Admin="127.0.0.1:$admin" --Web:AdminTokenFile="$data/admin-token" \
      --Web:Jmap:Push:VapidKeyFile="$data/vapid-key" ;;
  esac
}

start_services() {
  local number name
  for number in $(seq "$silos"); do start mailboxes "$number"; done
  for number in 1 2; do
    start local-delivery "$number"
    start smtp-ingress "$number"
    start mailbox-access "$number"
  done
  start outbound-relay 1
  start web 1
  for name in $(started "${kinds[@]}"); do
    await 120 "$name" curl -sf "http://127.0.0.1:$(health_of "$name")/health/startup"
  done
}

make_secrets() {
  umask 077
  mkdir -p "$data/tls"
  [ -e "$data/admin-token" ] || openssl rand -hex 32 | tr -d '\n' >"$data/admin-token"
  [ -e "$data/vapid-key" ] || openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$data/vapid-key" 2>/dev/null || fail "openssl made no key"
  [ -e "$data/tls/default.key" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj /CN=mail.example.test \
    -addext 'subjectAltName=DNS:mail.example.test,DNS:localhost,IP:127.0.0.1' -keyout "$data/tls/default.key" -out "$data/tls/default.crt" 2>/dev/null || fail "openssl made no certificate"
}

make_demo() {
  ask() { curl -sf -H "Authorization: Bearer $(cat "$data/admin-token")" "http://127.0.0.1:$admin/admin/v1/$1" "${@:2}" >/dev/null || fail "the admin API refused $1; see $log/web-1.log"; }
  ask tenants --json '{"id":"demo"}'
  ask tenants/demo/domains --json '{"domain":"example.test"}'
  ask accounts/import -H 'Content-Type: text/csv' --data-binary $'alice@example.test,mailcloud\nbob@example.test,mailcloud\n'
}

running() { [ -e "$run/$1.$2" ] && kill -0 "$(cat "$run/$1.$2")" 2>/dev/null; }

up() {
  running redis loop && fail "a cluster runs in $data already: $0 down --Data=$data"
  [ $((gateway + most)) -le 32768 ] || fail "--PortOffset=$offset is too high: $((gateway + most - 1)) would be a port of connections that go out"
  { [ "$silos" -ge 1 ] && [ "$silos" -le $most ]; } 2>/dev/null || fail "--Silos is $silos, not 1 to $most"
  mkdir -p "$run" "$log"
  rm -f "$run"/*.service # of a cluster that the machine's end ended
  install_missing
  [ -z "$build" ] || build_all
  make_secrets
  echo "starting ${backing[*]}"
  start_backing
  echo "starting ${kinds[*]}"
  start_services
  make_demo
  cat <<TABLE
  SMTP (mail for example.test)  127.0.0.1:$((2525 + offset)), $((2625 + offset))
  submission, submissions       127.0.0.1:$((2587 + offset)), $((2687 + offset)); $((2465 + offset)), $((2565 + offset))
  IMAP, IMAPS                   127.0.0.1:$((2143 + offset)), $((2243 + offset)); $((2993 + offset)), $((3093 + offset))
  POP3, POP3S                   127.0.0.1:$((2110 + offset)), $((2210 + offset)); $((2995 + offset)), $((3095 + offset))
  HTTP, admin API               http://127.0.0.1:$((8080 + offset))/, http://127.0.0.1:$admin/
  admin token, data, logs       $data/admin-token, $data, $log
  demo accounts                 alice@example.test, bob@example.test, password mailcloud
MailCloud is ready
TABLE
}

add() {
  local number name
  case "$kind" in
    mailboxes | local-delivery | outbound-relay | smtp-ingress | mailbox-access) ;;
    *) fail "which kind? mailboxes, local-delivery, outbound-relay, smtp-ingress or mailbox-access" ;;
  esac
  running redis loop || fail "no cluster runs in $data"
  for number in $(seq $most); do
    name=$kind-$number
    [ -e "$run/$name.service" ] || break
  done
  [ ! -e "$run/$name.service" ] || fail "there are $most $kind already"
  start "$kind" "$number"
  await 120 "$name" curl -sf "http://127.0.0.1:$(health_of "$name")/health/ready"
  echo "$name is ready"
}

upgrade() {
  local name before
  running redis loop || fail "no cluster runs in $data"
  if [ -n "$build" ]; then
    ! grep -qs "^$root/" "$run"/*.service || fail "what runs is of $root, and a build would write over it: use the script of another checkout"
    build_all
  fi
  [ ${#names[@]} -gt 0 ] || read -ra names <<<"$(started "${kinds[@]}" | tr '\n' ' ')"
  for name in "${names[@]}"; do
    [ -e "$run/$name.service" ] || fail "there is no $name"
    program_of "$(sed -E 's/-[0-9]+$//; s/(^|-)(.)/\U\2/g' <<<"$name")" >"$run/$name.service"
    before=$(cat "$run/$name.pid")
    kill "$before"
    await 120 "$name" another_is_ready "$name" "$before"
    echo "$name is ready"
  done
}
another_is_ready() { [ "$(cat "$run/$1.pid")" != "$2" ] && curl -sf "http://127.0.0.1:$(health_of "$1")/health/ready"; } # NAME PID-BEFORE

status() {
  local all=0 name
  for name in "${backing[@]}" $(started "${kinds[@]}"); do
    local state=gone port pid
    pid=$(cat "$run/$name.pid" 2>/dev/null)
    port=$(health_of "$name")
    if running "$name" pid; then
      state=running
      [ -z "$port" ] || { curl -sf "http://127.0.0.1:$port/health/ready" >/dev/null && state=ready || state="not ready"; }
    fi
    [ "$state" = gone ] && all=1
    printf '%-18s %-8s %s\n' "$name" "${pid:--}" "$state"
  done
  return $all
}

# The loops first, or they would start again what is ended here. Edges before silos before stores; Azurite by SIGTERM only, at which it writes down what it has.
down() {
  local name edges workers silos
  edges=$(started smtp-ingress mailbox-access web) workers=$(started local-delivery outbound-relay) silos=$(started mailboxes)
  for name in $edges $workers $silos "${backing[@]}"; do
    running "$name" loop && kill "$(cat "$run/$name.loop")"
    rm -f "$run/$name.loop"
  done
  for group in "$edges" "$workers" "$silos" "${backing[*]}"; do
    for name in $group; do running "$name" pid && kill "$(cat "$run/$name.pid")"; done
    for name in $group; do await 60 "the end of $name" not_running "$name"; rm -f "$run/$name.pid" "$run/$name.service"; done
  done
  [ ! -x /usr/bin/epmd ] || ERL_EPMD_PORT=$epmd /usr/bin/epmd -kill >/dev/null 2>&1
  return 0
}
not_running() { ! running "$1" pid; }

case "$command" in
  up | add | upgrade | status | down) "$command" ;;
  *) echo "usage: see the top of $0" >&2; exit 2 ;;
esac
