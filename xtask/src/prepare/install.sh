# Installs the packages named by the arguments; a service that comes with one is neither started nor enabled.
# shellcheck shell=sh
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get -q -o DPkg::Lock::Timeout=120 update || echo "apt-get update failed: going on with the lists that are here"
apt-get -q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"
for package in "$@"; do
    if [ "$package" = mosquitto ] && [ -d /run/systemd/system ]; then
        systemctl disable --now mosquitto.service
    fi
done
