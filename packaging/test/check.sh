#!/bin/sh
# `weir check` against the Mosquitto that the package recommends, and a pipeline of the package's own parts.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

step "mosquitto on a port of its own"
apt_offline install mosquitto-clients
cat >/tmp/mosquitto.conf <<'C'
listener 18830 127.0.0.1
allow_anonymous true
C
mosquitto -d -c /tmp/mosquitto.conf
until_listening 18830

step "weir check with a broker and a pipeline"
cat >/etc/weir/conf.d/test.toml <<'C'
[broker]
url = "mqtt://127.0.0.1:18830"

[pipeline.pump-vibration]
topic   = "sensors/{device}/vibration"
profile = "pi-4"
guest   = "tinynn"
model   = "vibration-int8"
decode  = { codec = "json", fields = ["/ax", "/ay", "/az"] }
window  = { size = 128, stride = 64 }
C
as_weir weir check
as_weir weir explain pump-vibration

step "weir check says what is wrong when the broker is not there"
status=0
as_weir weir check --set broker.url=mqtt://127.0.0.1:18831 >/tmp/checked 2>&1 || status=$?
cat /tmp/checked
[ "$status" != 0 ] || fail "weir check passed without a broker"

step "a sensor's values in, a result out"
values() {
    n=0
    while [ "$n" -lt 128 ]; do
        echo '{"ax": 0.01, "ay": -0.02, "az": 1.0}'
        n=$((n + 1))
    done
}
values >/tmp/values
# shellcheck disable=SC2016
service '
    . /weir-test/scripts/lib.sh
    until_healthy
    # A session that outlives its client: whoever asks later misses nothing.
    mosquitto_sub -h 127.0.0.1 -p 18830 -q 1 -i watcher -c -t "weir/results/#" -E
    mosquitto_pub -h 127.0.0.1 -p 18830 -q 1 -t sensors/pump-7/vibration -l </tmp/values
    mosquitto_sub -h 127.0.0.1 -p 18830 -q 1 -i watcher -c -t "weir/results/#" -C 1 -W 120 -v >/tmp/result || fail "no result came"
    cat /tmp/result
    grep -q "^weir/results/pump-vibration/pump-7 {.*\"label\"" /tmp/result || fail "that is no result"
    weir status
'
