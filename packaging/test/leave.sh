#!/bin/sh
# Remove, purge, install again: what is kept, and that nothing is left.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

step "what weir depends on and recommends, without weir"
others=$(apt-get -q -s install "$debs/weir.deb" | awk '$1 == "Inst" && $2 != "weir" { print $2 }')
# shellcheck disable=SC2086
apt_offline install $others
# Once, so that what the broker itself leaves is there before.
start_mosquitto
stop_mosquitto
listing >/tmp/before-weir

step "install, use, remove"
install_weir
start_mosquitto
service '. /weir-test/scripts/lib.sh; until_healthy'
stop_mosquitto
echo '# of the user' >>/etc/weir/weir.toml
apt_offline remove weir
for path in /usr/bin/weir /usr/lib/weir /usr/share/weir $unit; do
    [ ! -e "$path" ] || fail "$path is still there after remove"
done
grep -qx '# of the user' /etc/weir/weir.toml || fail "remove took the configuration"
[ -d /var/lib/weir ] || fail "remove took the state"
[ "$(systemctl --root=/ is-enabled weir.service 2>&1)" != enabled ] || fail "the service is still enabled"

step "install again after remove: the user's configuration holds"
install_weir
grep -qx '# of the user' /etc/weir/weir.toml || fail "the user's configuration is lost"
as_weir weir check --offline
[ "$(systemctl --root=/ is-enabled weir.service)" = enabled ] || fail "weir.service is not enabled again"
start_mosquitto
service '. /weir-test/scripts/lib.sh; until_healthy'
stop_mosquitto

step "remove, then purge: nothing is left"
apt_offline remove weir
apt_offline purge weir
listing >/tmp/after-weir
same_listing /tmp/before-weir /tmp/after-weir "purge left something, or took what is not weir's"
! getent passwd weir || fail "the user weir is still there"
! getent group weir || fail "the group weir is still there"
is_gone || fail "dpkg still knows weir"

step "purge at once: nothing is left"
install_weir
apt_offline purge weir
listing >/tmp/after-weir
same_listing /tmp/before-weir /tmp/after-weir "purge left something, or took what is not weir's"

step "install after purge"
install_weir
! grep -q '# of the user' /etc/weir/weir.toml || fail "the purged configuration is back"
as_weir weir check --offline
start_mosquitto
service '. /weir-test/scripts/lib.sh; until_healthy'
stop_mosquitto
