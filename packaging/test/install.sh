#!/bin/sh
# A fresh install by apt: the files, their modes and owners, and what the package says of itself.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

has() {
    mode_owner=$(stat -c '%a %U:%G' "$2") || fail "$2 is missing"
    [ "$mode_owner" = "$1" ] || fail "$2 is $mode_owner, should be $1"
}

step "apt install ./weir.deb"
install_weir >/tmp/said 2>&1 || { cat /tmp/said; fail "apt install"; }
cat /tmp/said
grep -qx 'weir: installed. Next: sudo weir setup' /tmp/said || fail "the package does not say what comes next"
dpkg-query -W -f '${Status}\n' mosquitto | grep -qx 'install ok installed' \
    || fail "mosquitto, which the package recommends, is not installed"
[ -z "$(dpkg --audit)" ] || fail "dpkg --audit: $(dpkg --audit)"

step "files, modes, owners"
has '755 root:root' /usr/bin/weir
has '755 root:root' /usr/lib/weir/weir-wasm3
has '644 root:root' /lib/systemd/system/weir.service
has '644 root:root' /etc/weir/weir.toml
has '755 root:root' /etc/weir/conf.d
has '750 root:weir' /etc/weir/credentials
has '750 weir:weir' /var/lib/weir
has '700 weir:weir' /var/cache/weir
has '644 root:root' /usr/share/bash-completion/completions/weir
for guest in anomaly nn nn-scalar onnx tinynn; do
    has '644 root:root' "/usr/share/weir/guests/$guest.wasm"
done
for model in digits digits-int8 vibration vibration-bands vibration-bands-int8 vibration-int8; do
    has '644 root:root' "/usr/share/weir/models/$model/model.toml"
done
dpkg-query -W -f '${Conffiles}\n' weir | grep -q ' /etc/weir/weir.toml ' || fail "weir.toml is no conffile"
dpkg -L weir | while read -r path; do
    [ -e "$path" ] || case $path in
        # Roots leave these out, as containers do.
        /usr/share/man/* | /usr/share/doc/* | /usr/share/locale/*) ;;
        *) fail "$path of the package is missing" ;;
    esac
done
[ -z "$(find /usr/bin/weir /usr/lib/weir /usr/share/weir /etc/weir -perm /6002 ! -type l)" ] \
    || fail "writable by everybody, or setuid: $(find /usr/lib/weir /usr/share/weir /etc/weir -perm /6002 ! -type l)"

step "the user"
[ "$(getent passwd weir | cut -d: -f6,7)" = /var/lib/weir:/usr/sbin/nologin ] \
    || fail "the user weir: $(getent passwd weir)"

step "weir --version"
said=$(weir --version)
echo "$said"
version=$(installed_version)
[ "$said" = "weir ${version%-*}" ] || fail "the package is $version, the program says: $said"

step "weir check --offline, as the user weir"
as_weir weir check --offline

step "the service is enabled"
[ "$(systemctl --root=/ is-enabled weir.service)" = enabled ] || fail "weir.service is not enabled"

step "installing it again changes nothing"
listing >/tmp/before
apt_offline install --reinstall "$debs/weir.deb"
listing >/tmp/after
same_listing /tmp/before /tmp/after "a second install changed files"
rm -f /tmp/before /tmp/after /tmp/said
