#!/bin/sh
# A Pi's first start: packaging/raspberry-pi/first-boot.sh, from the folder that lies on the card, with the repository
# in a folder.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

card=/boot/firmware/weir
unit=/etc/systemd/system/weir-first-boot.service
mkdir -p "$card"
# Debian's own archive is not there, and trying again is of no use.
echo 'Acquire::Retries::Delay "false";' >/etc/apt/apt.conf.d/99offline
cp "$debs/raspberry-pi/first-boot.sh" "$debs/raspberry-pi/weir.conf" "$card/"

step "without the key it says what is missing, and changes nothing"
! sh "$card/first-boot.sh" >/tmp/said 2>&1 || fail "it went on without a key"
grep -q 'weir-archive-keyring.asc is missing' /tmp/said || fail "it says: $(cat /tmp/said)"
[ ! -e /etc/apt/sources.list.d/weir.sources ] || fail "it named the repository all the same"
cp "$debs/repository-new/weir-archive-keyring.asc" "$card/"

step "--later makes a service that systemd accepts"
sh "$card/first-boot.sh" --later
systemd-analyze verify "$unit" || fail "systemd does not accept the unit"
[ "$(systemctl --root=/ is-enabled weir-first-boot.service)" = enabled ] || fail "the unit is not enabled"

step "a repository that does not answer: it fails, and can be run again"
sed -i 's|^WEIR_REPOSITORY=.*|WEIR_REPOSITORY="file:///nowhere"|' "$card/weir.conf"
! sh "$card/first-boot.sh" || fail "it went on without a repository"
[ -e "$unit" ] || fail "it is not run again"

step "it installs and sets up: Mosquitto on this Pi, a sensor, the pipeline of pumps"
sed -i "s|^WEIR_REPOSITORY=.*|WEIR_REPOSITORY=\"file://$debs/repository-new\"|" "$card/weir.conf"
sh "$card/first-boot.sh" || { cat "$card/first-boot.log"; fail "it did not install"; }
tail -n 20 "$card/first-boot.log"
[ "$(installed_version)" = "$(version_of "$debs/weir.deb")" ] || fail "installed: $(installed_version)"
[ "$(stat -c %a /var/log/weir-first-boot)" = 600 ] || fail "everybody may read the passwords of sensors"
password=$(sed -n 's/^ *pump-7  *//p' /var/log/weir-first-boot | tail -n 1)
[ -n "$password" ] || fail "nobody learns the password of pump-7"
! grep -q "$password" "$card/first-boot.log" || fail "the card has the password of pump-7"
grep -q vibration /etc/weir/weir.toml || fail "the pipeline is not in weir.toml"
[ -s /etc/mosquitto/conf.d/weir.conf ] || fail "Mosquitto has no drop-in"
as_weir weir check --offline
[ ! -e "$unit" ] || fail "the service of the first start is still there"

step "options that weir setup does not accept: it says so, and does not go on trying"
sed -i 's|^WEIR_SETUP=.*|WEIR_SETUP="--broker http://192.0.2.1 --example anomaly"|' "$card/weir.conf"
code=0
sh "$card/first-boot.sh" || code=$?
[ "$code" = 3 ] || fail "it ended with $code"
tail -n 3 "$card/first-boot.log"
grep -q 'weir setup does not accept' "$card/first-boot.log" || fail "the log does not say it"

step "a broker elsewhere that does not answer: its password leaves the card"
sed -i 's|^WEIR_SETUP=.*|WEIR_SETUP="--broker mqtt://192.0.2.1 --username weir --example anomaly"|' "$card/weir.conf"
echo secret >"$card/broker-password"
sh "$card/first-boot.sh" || { cat "$card/first-boot.log"; fail "it did not set up again"; }
[ ! -e "$card/broker-password" ] || fail "the password is still on the card"
grep -qx secret /etc/weir/credentials/broker || fail "weir does not have the password"
! grep -q secret "$card/first-boot.log" || fail "the log has the password"
as_weir weir check --offline
