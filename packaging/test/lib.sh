#!/bin/sh
# What the scripts of the package tests share. They run as root in a Debian root of their own: the package under test
# is /weir-test/debs/weir.deb, an older version /weir-test/debs/previous.deb; what they write to /weir-test/out stays.
# shellcheck disable=SC2034
debs=/weir-test/debs
# shellcheck disable=SC2034
out=/weir-test/out
scripts=/weir-test/scripts
unit=/lib/systemd/system/weir.service
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

step() {
    echo "step: $*"
}

fail() {
    echo "FAILED: $*"
    exit 1
}

# Offline: what it needs was fetched by fetch.sh.
apt_offline() {
    apt-get -q -y -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0 "$@"
}

install_weir() {
    apt_offline install "$debs/weir.deb"
}

version_of() {
    dpkg-deb -f "$1" Version
}

installed_version() {
    dpkg-query -W -f '${Version}' weir
}

# Whether dpkg has forgotten weir, its configuration too.
is_gone() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' weir 2>/dev/null || echo not-installed)" = not-installed ]
}

as_weir() {
    (cd / && setpriv --reuid weir --regid weir --clear-groups env HOME=/var/lib/weir "$@")
}

# On 64 bits the process of wasm3 locks itself in by seccomp, which qemu-user does not have: there it is left out.
leave_out_what_is_not_emulated() {
    if [ -n "$EMULATED" ] && [ "$(dpkg --print-architecture)" = arm64 ]; then
        export WEIR_WASM3=/nonexistent
    fi
}

# service COMMAND: starts weir as its unit says, runs COMMAND while it serves, stops it.
service() {
    perl "$scripts/service.pl" "$unit" "$1"
}

# The broker that the package recommends, with its own configuration.
start_mosquitto() {
    # What its unit makes when it starts.
    install -d -m 740 -o mosquitto -g mosquitto /run/mosquitto /var/log/mosquitto
    mosquitto -c /etc/mosquitto/mosquitto.conf &
    broker=$!
    until_listening 1883
}

stop_mosquitto() {
    kill "$broker"
    wait "$broker" || true
}

# until_listening PORT
until_listening() {
    tries=0
    until perl -MIO::Socket::INET -e "exit !IO::Socket::INET->new(PeerAddr => '127.0.0.1:$1')"; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || fail "nobody listens on port $1"
        sleep 0.1
    done
}

# A node that serves connects on its own: asks it until it says that all is well.
until_healthy() {
    tries=0
    until weir status >/tmp/status 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 120 ] || { cat /tmp/status; fail "weir status: not healthy"; }
        sleep 0.5
    done
    cat /tmp/status
}

# Every file with kind, mode, owner and target, and the contents of the configuration: what a package may leave behind.
# Left out: what apt and dpkg keep of everything that was ever installed, logs, caches, and the backups of passwd(5).
listing() {
    cd /
    find . -xdev \( \
        -path ./weir-test -o -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp \
        -o -path ./root -o -path ./var/log -o -path ./var/cache/apt -o -path ./var/lib/apt -o -path ./var/lib/dpkg \
        -o -path ./var/cache/debconf -o -path ./var/cache/ldconfig -o -path ./var/tmp \) -prune \
        -o -printf '%y %m %u:%g %p %l\n' | sort
    find ./etc -xdev -type f ! -name '*-' ! -name ld.so.cache ! -name .pwd.lock -exec sha256sum {} + | sort -k 2
}

same_listing() {
    diff -u "$1" "$2" || fail "$3"
}
