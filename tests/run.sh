#!/usr/bin/env bash
# Installs what the tests need and a fresh machine lacks, builds once, runs every test project, and ends with the line "N passed, N failed".
#   --long          more rounds: 500 crash cycles, 1,000 scripts of IMAP commands, 30 rounds with each mail client, attacks by five times the connections, longer outages and five upgrades of a cluster, a tenant of 100,000 accounts
#   --corpus DIR    mail to test with; default ../shared/corpus beside the repository, and generated mail when that is not there
#   --filter EXPR   only some tests (dotnet test's filter)
set -uo pipefail
cd "$(dirname "$0")/.."

filter=()
limit=60m # for one project; the slowest has whole clusters and takes about half an hour
hang=10m  # for one test: the run of its project ends then, and names it
corpus=../shared/corpus
while [ $# -gt 0 ]; do
  case "$1" in
    --long) export MAILCLOUD_CRASH_CYCLES=500 MAILCLOUD_JOURNAL_APPENDS=60000 MAILCLOUD_SPOOL_ENTRIES=1000000 MAILCLOUD_MODEL_SCRIPTS=1000 MAILCLOUD_CLIENT_ROUNDS=30 MAILCLOUD_HOSTILE_SCALE=5 MAILCLOUD_CHAOS_LONG=1 MAILCLOUD_ACCOUNTS=100000; limit=4h hang=2h ;;
    --corpus) corpus=$2; shift ;;
    --filter) filter=(--filter "$2"); shift ;;
    *) echo "unknown option $1; see the top of $0" >&2; exit 2 ;;
  esac
  shift
done

if [ -f "$corpus/MANIFEST.tsv" ]; then
  MAILCLOUD_CORPUS=$(cd "$corpus" && pwd)
  export MAILCLOUD_CORPUS
  echo "corpus: $MAILCLOUD_CORPUS"
else
  unset MAILCLOUD_CORPUS
  echo "no corpus at $corpus: generated mail is used"
fi

# Clients and tools from Debian: the program that must be there, and the packages that bring it.
missing=()
command -v swaks >/dev/null || missing+=(swaks)
command -v curl >/dev/null || missing+=(curl)
command -v strace >/dev/null || missing+=(strace)
command -v mbsync >/dev/null || missing+=(isync)
command -v offlineimap >/dev/null || missing+=(offlineimap3)
command -v neomutt >/dev/null || missing+=(neomutt)
command -v fetchmail >/dev/null || missing+=(fetchmail)
command -v getmail >/dev/null || missing+=(getmail6)
command -v mpop >/dev/null || missing+=(mpop)
command -v script >/dev/null || missing+=(bsdutils)
[ -x /usr/sbin/smtp-sink ] || missing+=(postfix)
command -v redis-server >/dev/null || missing+=(redis-server)
[ -x /usr/sbin/knotd ] || missing+=(knot)
[ -x /usr/sbin/unbound ] || missing+=(unbound)
# Its exporter of the machine's metrics is only recommended, and a service of its own.
command -v promtool >/dev/null || missing+=(prometheus prometheus-node-exporter-)
[ -x /usr/bin/chromium ] || missing+=(chromium)
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing+=(rabbitmq-server)
[ -n "$(find /usr/lib /usr/share/perl5 -path '*Net/SSLeay.pm' -print -quit 2>/dev/null)" ] || missing+=(libnet-ssleay-perl)
[ -d /usr/lib/python3/dist-packages/dkim ] || missing+=(python3-dkim)
[ -d /usr/lib/python3/dist-packages/nacl ] || missing+=(python3-nacl)
command -v npm >/dev/null || missing+=(nodejs npm)
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}"
  sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
  export DEBIAN_FRONTEND=noninteractive
  # Tests start their own servers: Debian's services are neither started now (their packages ask policy-rc.d) nor at the next boot.
  policy=/usr/sbin/policy-rc.d
  [ -e "$policy" ] && policy= || printf '#!/bin/sh\nexit 101\n' | $sudo install -m 755 /dev/stdin "$policy"
  # Postfix ships with "No configuration": what tests run is never the machine's own mail server.
  echo 'postfix postfix/main_mailer_type select No configuration' | $sudo debconf-set-selections
  $sudo apt-get update -q >/dev/null && $sudo apt-get install -y -q "${missing[@]}" >/dev/null
  installed=$?
  [ -z "$policy" ] || $sudo rm -f "$policy"
  [ "$installed" -eq 0 ] || { echo "could not install ${missing[*]}" >&2; exit 1; }
  for service in rabbitmq-server redis-server knot unbound prometheus; do
    case " ${missing[*]} " in *" $service "*) $sudo systemctl disable --quiet "$service" 2>/dev/null ;; esac
  done
fi

# Debian's mail servers, which the relay sends to.
bash tests/EndToEnd.Tests/Relay/peers/peer.sh install >/dev/null || { echo "could not install the relay's peers" >&2; exit 1; }

# Azurite, the emulator of Azure Blob Storage. The version that the tests were written against.
azurite=3.37.0
if [ "$(node -p 'require("./tests/.tools/node_modules/azurite/package.json").version' 2>/dev/null)" != "$azurite" ]; then
  echo "installing azurite $azurite"
  mkdir -p tests/.tools && npm install --prefix tests/.tools --no-audit --no-fund --silent "azurite@$azurite" >/dev/null || { echo "could not install azurite" >&2; exit 1; }
fi

# jmap-jam, a client of JMAP.
jam=0.13.1
if [ "$(node -p 'require("./tests/.tools/node_modules/jmap-jam/package.json").version' 2>/dev/null)" != "$jam" ]; then
  echo "installing jmap-jam $jam"
  mkdir -p tests/.tools && npm install --prefix tests/.tools --no-audit --no-fund --silent "jmap-jam@$jam" >/dev/null || { echo "could not install jmap-jam" >&2; exit 1; }
fi

# Kiota, which makes a client of the admin API from its document.
kiota=1.38.0
if [ ! -d "tests/.tools/kiota/.store/microsoft.openapi.kiota/$kiota" ]; then
  echo "installing kiota $kiota"
  rm -rf tests/.tools/kiota && dotnet tool install --tool-path tests/.tools/kiota Microsoft.OpenApi.Kiota --version "$kiota" >/dev/null || { echo "could not install kiota" >&2; exit 1; }
fi

# The services of the previous release, from which a cluster is upgraded.
bash tests/EndToEnd.Tests/Upgrade/previous.sh || echo "THE PREVIOUS RELEASE IS NOT BUILT: the test of upgrades will fail" >&2

if ! dotnet build MailCloud.sln -c Release -v quiet --nologo; then
  echo "0 passed, 1 failed"
  exit 1
fi

passed=0
failed=0
log=$(mktemp)
results=$(mktemp -d)
trap 'rm -rf "$log" "$log.one" "$results"' EXIT
for project in $(ls -d tests/*.Tests | grep -v EndToEnd.Tests) tests/EndToEnd.Tests; do
  echo "== $project"
  # What a test prints of its run (counts of the crash test) is shown; that it passed is not.
  timeout "$limit" dotnet test "$project" -c Release --no-build --nologo --blame-hang-timeout "$hang" --blame-hang-dump-type none --results-directory "$results" --logger "console;verbosity=detailed" "${filter[@]}" 2>&1 | tee "$log.one" | grep -vE '^\s+Passed '
  status=${PIPESTATUS[0]}
  cat "$log.one" >>"$log"
  p=$(sed -nE 's/^ +Passed: ([0-9]+)$/\1/p' "$log.one" | tail -n 1)
  f=$(sed -nE 's/^ +Failed: ([0-9]+)$/\1/p' "$log.one" | tail -n 1)
  # A run that died may have counted what passed until then; its exit code tells.
  if [ "$status" -ne 0 ] && [ "${f:-0}" -eq 0 ]; then
    f=1
    unended=$(sed -n '/^The tests\? running when/,/^$/p' "$log.one" | sed 1d | tr "\n" " ")
    echo "  Failed $project: exit code $status without a failed test${unended:+; running then: $unended}" | tee -a "$log"
  fi
  passed=$((passed + ${p:-0}))
  failed=$((failed + ${f:-0}))
  rm -f "$log.one"
done

if [ "$failed" -gt 0 ]; then
  echo "== failed"
  grep -E '^ +Failed ' "$log"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
