#!/bin/sh
# The service as its unit starts it, fresh from the package: no pipeline, no broker that answers.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

step "starting as the unit says, weir status, SIGTERM"
# shellcheck disable=SC2016
service '
    weir status
    weir status --json | tee /weir-test/out/status.json
    [ "$(stat -c %A /run/weir | cut -c 8-10)" != rwx ] || exit 1
'
step "weir status without a service"
status=0
weir status || status=$?
[ "$status" = 1 ] || fail "weir status ended with $status, should be 1"
