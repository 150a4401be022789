#!/bin/bash
# Debian's Postfix → LMTP → Dovecot, as a peer to measure against: loopback only, own configuration, everything below DIR.
#
#   postfix-dovecot.sh up DIR PORTOFFSET [MAILBOXES] [sdbox|maildir]     user0@example.test …, password mailcloud
#   postfix-dovecot.sh pids DIR                                          the two master processes, one line
#   postfix-dovecot.sh down DIR
#
# SMTP listens on 2525 + PORTOFFSET, IMAP on 2143 + PORTOFFSET. README.md says how it is tuned and why.
set -euo pipefail

usage() { sed -n '4,6s/^#   //p' "$0" >&2; exit 64; }

install_packages() {
    if [ -x /usr/sbin/postfix ] && [ -x /usr/lib/dovecot/lmtp ] && [ -x /usr/lib/dovecot/imap ]; then return; fi
    # Postfix ships with "No configuration": what runs here is never the machine's own mail server.
    echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postfix dovecot-imapd dovecot-lmtpd
}

create_owner() {
    # Mailboxes belong to one unprivileged user, the usual set-up of virtual mailboxes.
    getent passwd vmail >/dev/null || useradd --system --user-group --home-dir /nonexistent --shell /usr/sbin/nologin vmail
}

write_postfix() {
    mkdir -p "$dir/postfix/etc" "$dir/postfix/spool" "$dir/postfix/data"
    chown postfix "$dir/postfix/data"
    local address
    for ((i = 0; i < mailboxes; i++)); do
        address="user$i@example.test"
        echo "$address $address"
    done > "$dir/postfix/etc/mailboxes"

    cat > "$dir/postfix/etc/main.cf" <<CF
compatibility_level = 3.6
queue_directory = $dir/postfix/spool
data_directory = $dir/postfix/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = peer.example.test
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
biff = no
# RCPT is checked against the mailboxes that exist, as MailCloud does; texthash is read once into memory.
virtual_mailbox_domains = example.test
virtual_mailbox_maps = texthash:$dir/postfix/etc/mailboxes
virtual_transport = lmtp:unix:private/dovecot-lmtp
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
# Rates and concurrency: nothing may be slower than the machine.
default_process_limit = 200
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_event_limit_exceptions = 127.0.0.0/8
in_flow_delay = 0
qmgr_message_active_limit = 50000
lmtp_destination_concurrency_limit = $lmtp
lmtp_initial_destination_concurrency = $lmtp
initial_destination_concurrency = $lmtp
# Virtual mailboxes: concurrency is by domain, and a connection is used again for the next message.
lmtp_destination_recipient_limit = 50
lmtp_connection_cache_on_demand = yes
lmtp_connection_cache_destinations = unix:private/dovecot-lmtp
lmtp_connection_reuse_count_limit = 0
lmtp_connection_reuse_time_limit = 300s
max_use = 10000
message_size_limit = 104857600
CF
    # Debian's master.cf without what this chain does not use; not chrooted, as upstream ships it.
    cat > "$dir/postfix/etc/master.cf" <<CF
127.0.0.1:$((2525 + offset)) inet n - n - 200 smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
lmtp      unix - - n - - lmtp
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
CF
}

write_dovecot() {
    mkdir -p "$dir/dovecot/run" "$dir/dovecot/state" "$dir/mail"
    chown vmail:vmail "$dir/mail"
    local location="sdbox:$dir/mail/%n"
    if [ "$format" = maildir ]; then location="maildir:$dir/mail/%n/Maildir"; fi
    cat > "$dir/dovecot/dovecot.conf" <<CF
base_dir = $dir/dovecot/run
state_dir = $dir/dovecot/state
log_path = $dir/dovecot/dovecot.log
info_log_path = /dev/null
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = $location
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 1
auth_mechanisms = plain
auth_cache_size = 10M
# Recipients exist: Postfix has checked them against its map.
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
default_client_limit = 10000
default_vsz_limit = 0
service anvil {
  client_limit = 10000
}
service auth {
  client_limit = 10000
}
service lmtp {
  process_min_avail = $lmtp
  client_limit = 1
  service_count = 0
  unix_listener $dir/postfix/spool/private/dovecot-lmtp {
    mode = 0600
    user = postfix
    group = postfix
  }
}
service imap-login {
  service_count = 0
  process_min_avail = 2
  client_limit = 2000
  inet_listener imap {
    port = $((2143 + offset))
  }
  inet_listener imaps {
    port = 0
  }
}
# The load tool keeps one idle IMAP connection per mailbox to count; few processes hold them.
service imap {
  service_count = 0
  client_limit = 100
  process_limit = 500
}
CF
}

alive() { [ -s "$1" ] && kill -0 "$(tr -d ' ' < "$1")" 2>/dev/null; }
postfix_pid="postfix/spool/pid/master.pid"
dovecot_pid="dovecot/run/master.pid"

wait_gone() {
    local waited=0
    while alive "$1" && [ $waited -lt 300 ]; do sleep 0.1; waited=$((waited + 1)); done
}

case "${1:-}" in
up)
    [ $# -ge 3 ] || usage
    mkdir -p "$2"
    dir="$(realpath "$2")" offset="$3" mailboxes="${4:-500}" format="${5:-sdbox}" lmtp="${LMTP_CONCURRENCY:-20}"
    install_packages
    create_owner
    write_postfix
    # Postfix makes its queue folders (private/ is where Dovecot's LMTP socket goes), so it comes first.
    write_dovecot
    postfix -c "$dir/postfix/etc" start >"$dir/postfix/start.log" 2>&1 || { cat "$dir/postfix/start.log" >&2; exit 1; }
    dovecot -c "$dir/dovecot/dovecot.conf"
    ;;
pids)
    [ $# -eq 2 ] || usage
    echo "$(tr -d ' ' < "$2/$postfix_pid") $(cat "$2/$dovecot_pid")"
    ;;
down)
    [ $# -eq 2 ] || usage
    for pid in "$2/$postfix_pid" "$2/$dovecot_pid"; do
        if alive "$pid"; then kill -TERM "$(tr -d ' ' < "$pid")"; wait_gone "$pid"; fi
    done
    ;;
*) usage ;;
esac
