#!/bin/sh
# The demo, as a user without rights. Its last line goes out for the test to read.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

step "weir demo --seconds 20 --json"
leave_out_what_is_not_emulated
status=0
as_weir weir demo --seconds 20 --json >/tmp/demo || status=$?
tail -n 1 /tmp/demo | tee "$out/demo.json"
[ "$status" = 0 ] || fail "the demo ended with $status"
