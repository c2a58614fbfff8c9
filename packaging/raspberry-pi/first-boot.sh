#!/bin/sh
# Installs Weir on a Raspberry Pi that was just flashed: repository, package, `weir setup`. README.md says how it gets
# there. Run again, it goes on where it failed; what happened is in first-boot.log beside it, readable on any PC.
#
#   first-boot.sh           installs now; needs root and the network
#   first-boot.sh --later   only makes the service that does so at the next start with a network
set -eu

here=$(cd "$(dirname "$0")" && pwd)
unit=weir-first-boot.service
words=/var/log/weir-first-boot
# Only tests install into another root.
root=${WEIR_FIRST_BOOT_ROOT-}

say() {
    echo "weir first boot: $*"
}

refuse() {
    say "$*" >&2
    exit 3
}

later() {
    cat >"$root/etc/systemd/system/$unit" <<UNIT
[Unit]
Description=Install Weir
Wants=network-online.target time-sync.target
After=network-online.target time-sync.target
ConditionPathExists=$here/first-boot.sh

[Service]
Type=oneshot
ExecStart=/bin/sh $here/first-boot.sh
# No network yet, or the repository does not answer: once more, for as long as it takes. What does not get better by
# waiting ends with 3, until the next start.
Restart=on-failure
RestartSec=30
RestartPreventExitStatus=3

[Install]
WantedBy=multi-user.target
UNIT
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
    ln -sf "../$unit" "$root/etc/systemd/system/multi-user.target.wants/$unit"
    say "installs at the next start"
}

# The repository, with the key that signs it and nothing else.
repository() {
    install -d -m 0755 /etc/apt/keyrings
    install -m 0644 "$here/weir-archive-keyring.asc" /etc/apt/keyrings/weir-archive-keyring.asc
    cat >/etc/apt/sources.list.d/weir.sources <<SOURCES
Types: deb
URIs: $WEIR_REPOSITORY
Suites: stable
Components: main
Signed-By: /etc/apt/keyrings/weir-archive-keyring.asc
SOURCES
}

packages() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300 update
    # WEIR_PACKAGES is a list of names.
    # shellcheck disable=SC2086
    apt-get -q -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300 install -y $WEIR_PACKAGES
}

# The words of `weir setup` are only for root: there are the passwords of sensors among them.
set_up() {
    # WEIR_SETUP is a list of options.
    # shellcheck disable=SC2086
    set -- --yes $WEIR_SETUP
    [ -z "${WEIR_NODE_NAME-}" ] || set -- "$@" --node-name "$WEIR_NODE_NAME"
    [ ! -s "$here/broker-password" ] || set -- "$@" --password-file "$here/broker-password"
    (umask 077 && : >>"$words" && : >"$words.last")
    if weir setup "$@" >"$words.last" 2>&1; then
        outcome=complete
    elif grep -q 'files are written' "$words.last" && weir check --offline >/dev/null 2>&1; then
        outcome=waits
    else
        outcome=refused
    fi
    cat "$words.last" >>"$words"
    grep -E '^(ok|note|warning|error|weir|wrote|  help)' "$words.last" || true
    rm -f "$words.last"
    case $outcome in
        complete) ;;
        waits) say "set up; the broker does not answer yet, and Weir goes on trying" ;;
        *) refuse "weir setup does not accept WEIR_SETUP in weir.conf; all that it said: sudo cat $words" ;;
    esac
}

done_with() {
    # It is in /etc/weir/credentials now; a card's boot partition has no secrets.
    rm -f "$here/broker-password"
    if [ -d /run/systemd/system ]; then
        systemctl restart weir.service
    fi
    rm -f "/etc/systemd/system/multi-user.target.wants/$unit" "/etc/systemd/system/$unit"
    say "done. What weir setup said, with the passwords of sensors: sudo cat $words"
    # Says what is left to do, and does not fail for it.
    weir status || true
}

[ -r "$here/weir.conf" ] || refuse "$here/weir.conf is missing: copy the whole folder"
# shellcheck source=packaging/raspberry-pi/weir.conf
. "$here/weir.conf"
[ -n "${WEIR_REPOSITORY-}" ] || refuse "$here/weir.conf does not say WEIR_REPOSITORY"
[ -s "$here/weir-archive-keyring.asc" ] || refuse "$here/weir-archive-keyring.asc is missing: it is beside the repository"
WEIR_PACKAGES=${WEIR_PACKAGES-weir}
WEIR_SETUP=${WEIR_SETUP---broker local --example vibration}

if [ "${1-}" = --later ]; then
    later
    exit 0
fi
[ "$(id -u)" = 0 ] || refuse "needs root"
exec >>"$here/first-boot.log" 2>&1
say "$(date -u)"
repository
packages
set_up
done_with
