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

as_weir() {
    (cd / && setpriv --reuid weir --regid weir --clear-groups env HOME=/var/lib/weir "$@")
}

# service COMMAND: starts weir as its unit says, runs COMMAND while it serves, stops it.
service() {
    perl "$scripts/service.pl" "$unit" "$1"
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
