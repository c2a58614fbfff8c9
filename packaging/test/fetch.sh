#!/bin/sh
# Refreshes the lists of packages and fetches what the package under test needs. The one script with a network.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

step "apt update"
apt-get -q update
step "fetching what weir depends on, recommends and suggests"
apt-get -q -y --download-only install "$debs/weir.deb" mosquitto-clients
