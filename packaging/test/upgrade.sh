#!/bin/sh
# From the previous version to this one with a conffile that the user changed, and back.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

config=/etc/weir/weir.toml
old=$(version_of "$debs/previous.deb")
new=$(version_of "$debs/weir.deb")
keep='-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold'

step "the previous version, $old"
apt_offline install "$debs/previous.deb"
[ "$(installed_version)" = "$old" ] || fail "installed: $(installed_version)"

step "upgrade to $new; the conffile was not changed: the new one comes"
# shellcheck disable=SC2086
apt_offline $keep install "$debs/weir.deb"
[ "$(installed_version)" = "$new" ] || fail "installed: $(installed_version)"
! grep -q 'of the previous version' "$config" || fail "the old conffile is still there"

step "downgrade to $old"
# shellcheck disable=SC2086
apt_offline $keep install --allow-downgrades "$debs/previous.deb"
[ "$(installed_version)" = "$old" ] || fail "installed: $(installed_version)"
grep -q 'of the previous version' "$config" || fail "the conffile is not the previous version's"
as_weir weir check --offline

step "upgrade with a changed conffile, state and a file of conf.d: all of it is kept"
echo '# of the user' >>"$config"
echo '# of the user' >/etc/weir/conf.d/mine.toml
printf secret >/etc/weir/credentials/broker
setpriv --reuid weir --regid weir --clear-groups sh -c 'echo kept >/var/lib/weir/kept'
# shellcheck disable=SC2086
apt_offline $keep install "$debs/weir.deb"
[ "$(installed_version)" = "$new" ] || fail "installed: $(installed_version)"
grep -qx '# of the user' "$config" || fail "the user's $config is lost"
[ -f "$config.dpkg-dist" ] || fail "the new $config does not lie beside the user's"
grep -qx '# of the user' /etc/weir/conf.d/mine.toml || fail "the user's file in conf.d is lost"
[ "$(cat /etc/weir/credentials/broker)" = secret ] || fail "the credentials are lost"
[ "$(cat /var/lib/weir/kept)" = kept ] || fail "the state is lost"
as_weir weir check --offline

step "the service starts after it"
start_mosquitto
service '. /weir-test/scripts/lib.sh; until_healthy'
stop_mosquitto

step "downgrade with a changed conffile: kept"
# shellcheck disable=SC2086
apt_offline $keep install --allow-downgrades "$debs/previous.deb"
[ "$(installed_version)" = "$old" ] || fail "installed: $(installed_version)"
grep -qx '# of the user' "$config" || fail "the user's $config is lost"
as_weir weir check --offline
