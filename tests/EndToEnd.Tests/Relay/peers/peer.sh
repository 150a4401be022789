#!/bin/bash
# A mail server of Debian's that receives: the relay's peer in tests. Port 25 of one loopback address, own configuration, everything below DIR; needs root.
#
#   peer.sh postfix|exim|exim7|opensmtpd up DIR ADDRESS NAME [KEY CERT]     returns when it listens; with KEY and CERT (PEM) it offers STARTTLS; exim7 has neither 8BITMIME nor SMTPUTF8
#   peer.sh postfix|exim|exim7|opensmtpd down DIR
#   peer.sh install                                                   what a fresh machine lacks
#
# It takes mail for any user of NAME's domains, which are all that follow it in the DNS, and files it in DIR/mail/new, a file per message as it came, with the server's own header lines above. The
# packages exclude one another, so only postfix is installed; the others are unpacked below /opt/mailcloud-peers.
set -euo pipefail

unpacked=/opt/mailcloud-peers

usage() { sed -n '4,6s/^#   //p' "$0" >&2; exit 64; }

install_peers() {
    export DEBIAN_FRONTEND=noninteractive
    if [ ! -x /usr/sbin/postfix ]; then
        echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
        apt-get update -q
        apt-get install -q -y --no-install-recommends postfix
    fi
    if [ ! -x $unpacked/exim/usr/sbin/exim4 ] || [ ! -x $unpacked/opensmtpd/usr/sbin/smtpd ]; then
        local work
        work=$(mktemp -d)
        chmod 755 "$work"
        (
            cd "$work"
            apt-get update -q
            # What they link to, which excludes nothing.
            apt-get install -q -y --no-install-recommends libgnutls-dane0 libidn12 libidn2-0 libdb5.3 libpcre2-8-0 libevent-2.1-7 libnsl2
            apt-get download exim4-daemon-light opensmtpd
            mkdir -p $unpacked
            dpkg -x exim4-daemon-light_*.deb $unpacked/exim
            dpkg -x opensmtpd_*.deb $unpacked/opensmtpd
        )
        rm -rf "$work"
    fi
    # The users that they were built for.
    for user in Debian-exim opensmtpd opensmtpq vmail; do
        getent passwd $user >/dev/null || useradd --system --user-group --home-dir /nonexistent --shell /usr/sbin/nologin $user
    done
    # Where OpenSMTPD looks for its helpers, whatever its configuration says.
    [ -e /usr/libexec/opensmtpd ] || { mkdir -p /usr/libexec && ln -s $unpacked/opensmtpd/usr/libexec/opensmtpd /usr/libexec/opensmtpd; }
}

postfix_up() {
    mkdir -p "$dir/etc" "$dir/spool" "$dir/data"
    chown postfix "$dir/data"
    cat > "$dir/etc/main.cf" <<CF
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
# The addresses that it looks for on its interfaces; where it listens master.cf says.
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = $name
mydestination =
mynetworks = 127.0.0.9
alias_maps =
alias_database =
virtual_mailbox_domains = regexp:$dir/etc/any
virtual_mailbox_base = $dir
virtual_mailbox_maps = static:mail/
virtual_uid_maps = static:$(id -u vmail)
virtual_gid_maps = static:$(id -g vmail)
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtputf8_enable = yes
CF
    echo '/./ any' > "$dir/etc/any"
    if [ -n "$key" ]; then
        cat >> "$dir/etc/main.cf" <<CF
smtpd_tls_security_level = may
smtpd_tls_key_file = $key
smtpd_tls_cert_file = $cert
smtpd_tls_received_header = yes
CF
    fi
    cat > "$dir/etc/master.cf" <<CF
$address:25 inet n - n - - smtpd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
proxymap  unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
retry     unix - - n - - error
error     unix - - n - - error
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
CF
    postfix -c "$dir/etc" start > "$dir/start.log" 2>&1 || { cat "$dir/start.log" >&2; exit 1; }
}

# What it takes but for the users that tests refuse: nobody is unknown, gone is until DIR/hired exists, and grey and later are put off until DIR/open-grey and
# DIR/open-later exist.
exim_up() {
    local eightbit=true utf8='*'
    [ "$kind" = exim7 ] && eightbit=false utf8=
    mkdir -p "$dir/etc" "$dir/spool" "$dir/log"
    chown -R Debian-exim "$dir/spool" "$dir/log" "$dir/mail"
    if [ -n "$key" ]; then
        # The key is its owner's alone, and Exim reads it as its own user.
        install -m 400 -o Debian-exim "$key" "$dir/etc/key"
        install -m 444 "$cert" "$dir/etc/cert"
        key="$dir/etc/key" cert="$dir/etc/cert"
    fi
    cat > "$dir/etc/exim.conf" <<CF
# A configuration of its own costs Exim its privileges in the process that files.
deliver_drop_privilege = true
exim_path = $unpacked/exim/usr/sbin/exim4
primary_hostname = $name
spool_directory = $dir/spool
log_file_path = $dir/log/%slog
pid_file_path = $dir/exim.pid
local_interfaces = $address
daemon_smtp_ports = 25
domainlist local_domains = *
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
accept_8bitmime = $eightbit
host_lookup =
rfc1413_query_timeout = 0s
smtputf8_advertise_hosts = $utf8
chunking_advertise_hosts = *
dsn_advertise_hosts = *
keep_environment =
$([ -n "$key" ] && printf 'tls_advertise_hosts = *\ntls_certificate = %s\ntls_privatekey = %s\n' "$cert" "$key" || echo 'tls_advertise_hosts =')
begin acl
rcpt:
  deny local_parts = nobody
    message = there is no such user
  deny local_parts = gone
    condition = \${if !exists{$dir/hired}}
    message = 5.1.1 no such user
  defer local_parts = grey
    condition = \${if !exists{$dir/open-grey}}
    message = come back later
  defer local_parts = later
    condition = \${if !exists{$dir/open-later}}
    message = come back later
  accept
begin routers
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  maildir_format
  directory = $dir/mail
  delivery_date_add
  envelope_to_add
  return_path_add
begin retry
* * F,1h,1m
CF
    chmod 644 "$dir/etc/exim.conf"
    $unpacked/exim/usr/sbin/exim4 -C "$dir/etc/exim.conf" -bd -q1m
}

opensmtpd_up() {
    mkdir -p "$dir/etc"
    cat > "$dir/etc/smtpd.conf" <<CF
$([ -n "$key" ] && printf 'pki peer cert "%s"\npki peer key "%s"\n' "$cert" "$key")
queue ttl 1h
listen on $address port 25 hostname "$name" $([ -n "$key" ] && echo 'tls pki peer')
table everybody { "@" = vmail }
action "file" maildir "$dir/mail" virtual <everybody>
match from any for any action "file"
CF
    chmod 600 "$dir/etc/smtpd.conf"
    mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd
    chmod 711 /var/spool/smtpd
    $unpacked/opensmtpd/usr/sbin/smtpd -f "$dir/etc/smtpd.conf" -d > "$dir/smtpd.log" 2>&1 &
    echo $! > "$dir/smtpd.pid"
}

await() {
    for _ in $(seq 200); do
        if (exec 3<>"/dev/tcp/$address/25") 2>/dev/null; then return; fi
        sleep 0.1
    done
    echo "nothing listens on $address:25; see $dir" >&2
    exit 1
}

stop() { [ -s "$1" ] && kill -TERM "$(tr -d ' ' < "$1")" 2>/dev/null || true; }

case "${2:-${1:-}}" in
install) install_peers ;;
up)
    [ $# -ge 5 ] || usage
    mkdir -p "$3"
    dir="$(realpath "$3")" address="$4" name="$5" key="${6:-}" cert="${7:-}"
    mkdir -p "$dir/mail"/{new,cur,tmp}
    chown -R vmail:vmail "$dir/mail"
    chmod 755 "$dir"
    kind="$1"
    if (exec 3<>"/dev/tcp/$address/25") 2>/dev/null; then
        echo "something listens on $address:25 already" >&2
        exit 1
    fi
    "${kind%7}_up"
    await
    ;;
down)
    [ $# -eq 3 ] || usage
    stop "$3/spool/pid/master.pid"
    stop "$3/exim.pid"
    stop "$3/smtpd.pid"
    ;;
*) usage ;;
esac
