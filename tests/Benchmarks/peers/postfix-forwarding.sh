#!/bin/bash
# Debian's Postfix as a relay, as a peer to measure against: loopback only, own configuration, everything below DIR.
#
#   postfix-forwarding.sh install                                        Postfix, if it is missing, and smtp-sink with it
#   postfix-forwarding.sh up DIR PORT SINKPORT ADDRESSES CONNECTIONS     user0@example.test … are forwarded to the same users at sink.example
#   postfix-forwarding.sh pid DIR                                        the master process
#   postfix-forwarding.sh down DIR
#
# README.md says how it is tuned and why.
set -euo pipefail

usage() { sed -n '4,7s/^#   //p' "$0" >&2; exit 64; }

install_packages() {
    if [ -x /usr/sbin/postfix ]; then return; fi
    # Postfix ships with "No configuration": what runs here is never the machine's own mail server.
    echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postfix
}

configure() {
    mkdir -p "$dir/etc" "$dir/spool" "$dir/data"
    chown postfix "$dir/data"
    for ((i = 0; i < addresses; i++)); do
        echo "user$i@example.test user$i@sink.example"
    done > "$dir/etc/aliases"

    cat > "$dir/etc/main.cf" <<CF
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/data
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
virtual_alias_domains = example.test
virtual_alias_maps = texthash:$dir/etc/aliases
relayhost = [127.0.0.1]:$sink
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtp_host_lookup = native
disable_dns_lookups = yes
# Rates and concurrency: nothing may be slower than the machine.
default_process_limit = 200
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_event_limit_exceptions = 127.0.0.0/8
in_flow_delay = 0
qmgr_message_active_limit = 50000
default_destination_concurrency_limit = $connections
initial_destination_concurrency = $connections
smtp_connection_cache_on_demand = yes
smtp_connection_cache_destinations = [127.0.0.1]:$sink
smtp_connection_reuse_count_limit = 100
smtp_connection_reuse_time_limit = 300s
max_use = 10000
CF
    # Debian's master.cf without what this does not use; not chrooted, as upstream ships it.
    cat > "$dir/etc/master.cf" <<CF
127.0.0.1:$port inet n - n - 200 smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
CF
}

alive() { [ -s "$1" ] && kill -0 "$(tr -d ' ' < "$1")" 2>/dev/null; }
master_pid="spool/pid/master.pid"

case "${1:-}" in
install) install_packages ;;
up)
    [ $# -eq 6 ] || usage
    mkdir -p "$2"
    dir="$(realpath "$2")" port="$3" sink="$4" addresses="$5" connections="$6"
    configure
    postfix -c "$dir/etc" start >"$dir/start.log" 2>&1 || { cat "$dir/start.log" >&2; exit 1; }
    ;;
pid)
    [ $# -eq 2 ] || usage
    tr -d ' ' < "$2/$master_pid"
    ;;
down)
    [ $# -eq 2 ] || usage
    if alive "$2/$master_pid"; then
        kill -TERM "$(tr -d ' ' < "$2/$master_pid")"
        for ((waited = 0; waited < 300; waited++)); do alive "$2/$master_pid" || break; sleep 0.1; done
    fi
    ;;
*) usage ;;
esac
