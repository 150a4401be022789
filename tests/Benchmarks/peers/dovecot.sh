#!/bin/bash
# Debian's Dovecot as an IMAP and POP3 peer to measure against: loopback only, own configuration, everything below DIR.
#
#   dovecot.sh up DIR PORTOFFSET [sdbox|mdbox|maildir] [optimized|always] [HIBERNATE-SECONDS] [pop3]     any user, password mailcloud
#   dovecot.sh pid DIR                                                                                   the master process
#   dovecot.sh down DIR
#
# IMAP listens on 2143 + PORTOFFSET, IMAP in TLS on 2993 + PORTOFFSET; with pop3, POP3 on 2110 + PORTOFFSET and in TLS on 2995 + PORTOFFSET. README.md says how it is tuned and why.
set -euo pipefail

usage() { sed -n '4,6s/^#   //p' "$0" >&2; exit 64; }

install_packages() {
    if [ -x /usr/lib/dovecot/imap ] && [ -x /usr/lib/dovecot/pop3 ]; then return; fi
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends dovecot-imapd dovecot-pop3d
}

create_owner() {
    # Mailboxes belong to one unprivileged user, the usual set-up of virtual mailboxes.
    getent passwd vmail >/dev/null || useradd --system --user-group --home-dir /nonexistent --shell /usr/sbin/nologin vmail
}

write_configuration() {
    mkdir -p "$dir/run" "$dir/state" "$dir/mail"
    chown vmail:vmail "$dir/mail"
    # The same kind of key that AllInOne makes.
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=mail.example.test \
        -keyout "$dir/tls.key" -out "$dir/tls.crt" 2>/dev/null
    local location="$format:$dir/mail/%n"
    # A process that waits for its next connection gives no memory back when the one it served has moved to imap-hibernate.
    local serves=0
    if [ "$hibernate" != 0 ]; then serves=1; fi
    if [ "$format" = maildir ]; then location="maildir:$dir/mail/%n/Maildir"; fi
    cat > "$dir/dovecot.conf" <<CF
base_dir = $dir/run
state_dir = $dir/state
log_path = $dir/dovecot.log
info_log_path = /dev/null
protocols = imap $pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <$dir/tls.crt
ssl_key = <$dir/tls.key
disable_plaintext_auth = no
mail_location = $location
mail_fsync = $fsync
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 1
auth_mechanisms = plain
auth_cache_size = 10M
passdb {
  driver = static
  args = password=mailcloud
}
userdb {
  driver = static
  args = uid=vmail gid=vmail home=$dir/mail/%n allow_all_users=yes
}
mail_max_userip_connections = 0
default_process_limit = 500
default_client_limit = 20000
default_vsz_limit = 0
imap_hibernate_timeout = ${hibernate}s
service anvil {
  client_limit = 20000
}
service auth {
  client_limit = 40000
}
service imap-login {
  service_count = 0
  process_min_avail = 2
  client_limit = 10000
  inet_listener imap {
    port = $((2143 + offset))
  }
  inet_listener imaps {
    port = $((2993 + offset))
    ssl = yes
  }
}
# A process per connection, as Dovecot comes, but kept and used again (0): no fork per login.
service imap {
  service_count = $serves
  client_limit = 1
  process_min_avail = 20
  process_limit = 15000
  unix_listener imap-master {
    user = dovecot
  }
}
$([ -z "$pop3" ] || pop3_services)
service imap-hibernate {
  client_limit = 20000
  unix_listener imap-hibernate {
    user = vmail
  }
}
CF
}

# As for IMAP: nothing forked per login, a process per session that is used again. RETR sets no \Seen flag, which nobody asked for.
pop3_services() {
    cat <<CF
pop3_no_flag_updates = yes
service pop3-login {
  service_count = 0
  process_min_avail = 2
  client_limit = 10000
  inet_listener pop3 {
    port = $((2110 + offset))
  }
  inet_listener pop3s {
    port = $((2995 + offset))
    ssl = yes
  }
}
service pop3 {
  service_count = 0
  client_limit = 1
  process_min_avail = 20
  process_limit = 15000
}
CF
}

alive() { [ -s "$1" ] && kill -0 "$(cat "$1" 2>/dev/null)" 2>/dev/null; }

case "${1:-}" in
up)
    [ $# -ge 3 ] || usage
    mkdir -p "$2"
    dir="$(realpath "$2")" offset="$3" format="${4:-sdbox}" fsync="${5:-optimized}" hibernate="${6:-0}" pop3="${7:-}"
    install_packages
    create_owner
    write_configuration
    # The daemon keeps what it is started with: no output of ours, or whoever reads that waits for its end.
    dovecot -c "$dir/dovecot.conf" >"$dir/start.log" 2>&1 || { cat "$dir/start.log" >&2; exit 1; }
    waited=0
    while ! alive "$dir/run/master.pid" && [ $waited -lt 100 ]; do sleep 0.1; waited=$((waited + 1)); done
    ;;
pid)
    [ $# -eq 2 ] || usage
    cat "$2/run/master.pid"
    ;;
down)
    [ $# -eq 2 ] || usage
    alive "$2/run/master.pid" || exit 0
    master="$(cat "$2/run/master.pid")"
    # Its login processes hold the ports for a moment longer than it does.
    children="$(pgrep -P "$master" || true)"
    kill -TERM "$master"
    waited=0
    while [ -n "$(ps -o pid= -p "$master" $children)" ] && [ $waited -lt 300 ]; do sleep 0.1; waited=$((waited + 1)); done
    ;;
*) usage ;;
esac
