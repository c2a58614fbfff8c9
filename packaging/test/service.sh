#!/bin/sh
# The service as its unit starts it, fresh from the package and without a pipeline: first without a broker, then with one.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

step "neither a pipeline nor a broker yet: it is well, and says what to do"
# shellcheck disable=SC2016
service '
    . /weir-test/scripts/lib.sh
    weir status >/tmp/status || fail "weir status ended with $? on a fresh node, should be 0"
    cat /tmp/status
    grep -q "sudo weir setup" /tmp/status || fail "weir status does not name the next step"
'

step "the recommended broker: healthy"
start_mosquitto
# shellcheck disable=SC2016
service '
    . /weir-test/scripts/lib.sh
    until_healthy
    grep -q "weir setup" /tmp/status || fail "weir status does not say what comes next"
    weir status --json >/weir-test/out/status.json
    case $(stat -c %a /run/weir/status.sock) in
        *[1-7]) fail "everybody reaches the status socket" ;;
    esac
'

step "weir status without a service"
status=0
weir status || status=$?
[ "$status" = 1 ] || fail "weir status ended with $status, should be 1"
