#!/bin/sh
# On ARMv6 the package refuses in one line, before anything is unpacked.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

# apt gives dpkg a PATH of its own, which begins with /usr/sbin.
said='weir: this processor is ARMv6 (Raspberry Pi 1, Zero, Zero W); Weir needs ARMv7: a Pi 2 or newer, or a Zero 2 W'
# shellcheck disable=SC2016
printf '#!/bin/sh\nif [ "$1" = -m ]; then echo armv6l; else exec /bin/uname "$@"; fi\n' >/usr/sbin/uname
chmod 755 /usr/sbin/uname
listing >/tmp/before

step "apt install on a processor that says armv6l"
! apt_offline install --no-install-recommends "$debs/weir.deb" >/tmp/said 2>&1 || fail "it was installed"
cat /tmp/said
grep -qxF "$said" /tmp/said || fail "the line that says why is missing"
[ ! -e /usr/bin/weir ] || fail "something was unpacked"
apt_offline purge weir >/dev/null 2>&1 || true
! dpkg-query -W weir 2>/dev/null | grep -q . || fail "dpkg keeps weir"
