#!/bin/sh
# `weir check` against the Mosquitto that the package recommends, and a pipeline of the package's own parts.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

step "mosquitto on a port of its own"
cat >/tmp/mosquitto.conf <<'C'
listener 18830 127.0.0.1
allow_anonymous true
C
mosquitto -d -c /tmp/mosquitto.conf
tries=0
until perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => "127.0.0.1:18830")'; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || fail "mosquitto does not listen"
    sleep 0.1
done

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

step "the service with that broker and that pipeline"
service 'weir status'
