#!/bin/sh
# A booted Debian: systemd starts, watches and stops the service.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

state() {
    systemctl show -p "$1" --value weir.service
}

# until_is WHAT VALUE SECONDS
until_is() {
    tries=0
    until [ "$(state "$1")" = "$2" ]; do
        tries=$((tries + 1))
        if [ "$tries" -ge $(($3 * 5)) ]; then
            journalctl --no-pager -u weir.service | tail -n 30
            fail "$1 is $(state "$1"), not $2, after $3 seconds"
        fi
        sleep 0.2
    done
}

until_restarted() {
    until_is NRestarts "$1" 90
    until_is ActiveState active 90
    [ "$(state MainPID)" != "$2" ] || fail "it is still the same process"
}

step "systemctl is-system-running"
tries=0
until systemctl is-system-running | grep -qxE 'running|starting|degraded'; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || fail "the system is $(systemctl is-system-running)"
    sleep 0.2
done
systemctl --failed --no-legend | tee /tmp/failed
[ ! -s /tmp/failed ] || fail "units have failed before weir was installed"

step "apt install ./weir.deb in the running system"
install_weir
until_is ActiveState active 60
systemctl --no-pager status weir.service | head -n 12

step "the broker's own service, weir status"
systemctl is-active mosquitto.service \
    || { systemctl --no-pager status mosquitto.service; fail "mosquitto.service does not run"; }
until_healthy

step "journal: levels, no colours"
journalctl --no-pager -u weir.service -p info | tail -n 5
! journalctl --no-pager -u weir.service -o cat | grep -q "$(printf '\033')" || fail "colours in the journal"
! journalctl --no-pager -u weir.service -p err -q -o cat | grep . || fail "errors in the journal"

step "systemd-analyze verify, and security at most 2.0"
systemd-analyze verify --man=no "$unit"
systemd-analyze security --no-pager --threshold=20 weir.service | tail -n 3
systemd-analyze security --no-pager weir.service | tail -n 1 >"$out/security"

step "kill -9: it comes back"
pid=$(state MainPID)
kill -9 "$pid"
until_restarted 1 "$pid"

step "stopped by SIGSTOP: the watchdog brings it back"
pid=$(state MainPID)
kill -STOP "$pid"
until_restarted 2 "$pid"
journalctl --no-pager -u weir.service -o cat | grep -i watchdog || fail "it was not the watchdog"

step "the worker of wasm3, the compiler and the embedded broker under the unit's settings"
cat >/etc/weir/conf.d/test.toml <<'C'
[broker]
url = "embedded"

[pipeline.interpreted]
topic   = "sensors/{device}/vibration"
profile = "cortex-m4-256k"
guest   = "anomaly"
decode  = { codec = "json", fields = ["/ax"] }

[pipeline.compiled]
topic   = "sensors/{device}/vibration"
profile = "pi-4"
guest   = "onnx"
model   = "vibration"
decode  = { codec = "json", fields = ["/ax", "/ay", "/az"] }
window  = { size = 128, stride = 64 }
C
weir check --offline
systemctl restart weir.service
until_is ActiveState active 120
weir status | tee /tmp/status
rm /etc/weir/conf.d/test.toml

step "a refused configuration: no restart, and the journal says why"
echo 'nonsense = 1' >/etc/weir/conf.d/wrong.toml
! systemctl restart weir.service || fail "it started with a refused configuration"
until_is ActiveState failed 60
journalctl --no-pager -u weir.service -o cat | grep -q nonsense || fail "the journal does not name the key"
rm /etc/weir/conf.d/wrong.toml
systemctl reset-failed weir.service
systemctl start weir.service
until_is ActiveState active 60

step "stop: it drains and ends well"
systemctl stop weir.service
[ "$(state Result)" = success ] || fail "Result=$(state Result)"
systemctl start weir.service

step "upgrade and downgrade restart the service"
pid=$(state MainPID)
apt_offline install --allow-downgrades "$debs/previous.deb" -o Dpkg::Options::=--force-confnew
until_is ActiveState active 60
[ "$(state MainPID)" != "$pid" ] || fail "the old process still runs"
pid=$(state MainPID)
apt_offline install "$debs/weir.deb" -o Dpkg::Options::=--force-confnew
until_is ActiveState active 60
[ "$(state MainPID)" != "$pid" ] || fail "the old process still runs"

step "disabled by the administrator: an upgrade leaves it so"
systemctl disable --now weir.service
apt_offline install --reinstall "$debs/weir.deb"
[ "$(systemctl is-enabled weir.service)" = disabled ] || fail "an upgrade enabled the service"
systemctl enable --now weir.service

step "remove stops it, purge leaves nothing"
apt_offline remove weir
[ "$(state ActiveState)" != active ] || fail "it still runs"
! pgrep -x weir || fail "a process is left"
apt_offline purge weir
for path in /etc/weir /var/lib/weir /var/cache/weir /run/weir; do
    [ ! -e "$path" ] || fail "purge left $path"
done
! getent passwd weir || fail "the user weir is still there"
