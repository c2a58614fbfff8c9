#!/bin/sh
# The unit by systemd's own judgement, without a running systemd.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

step "systemd-analyze verify"
systemd-analyze verify --man=no "$unit" || fail "systemd-analyze verify"

step "systemd-analyze security: at most 2.0"
systemd-analyze security --no-pager --offline=true --threshold=20 "$unit" || fail "the score is above 2.0"
