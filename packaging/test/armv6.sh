#!/bin/sh
# On ARMv6 the package refuses in one line, before anything is unpacked.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

listing >/tmp/before
# apt gives dpkg a PATH of its own, which begins with /usr/sbin.
said='weir: this processor is ARMv6 (Raspberry Pi 1, Zero, Zero W); Weir needs ARMv7: a Pi 2 or newer, or a Zero 2 W'
# shellcheck disable=SC2016
printf '#!/bin/sh\nif [ "$1" = -m ]; then echo armv6l; else exec /bin/uname "$@"; fi\n' >/usr/sbin/uname
chmod 755 /usr/sbin/uname

step "apt install on a processor that says armv6l"
! apt_offline install --no-install-recommends "$debs/weir.deb" >/tmp/said 2>&1 || fail "it was installed"
cat /tmp/said
grep -qxF "$said" /tmp/said || fail "the line that says why is missing"
[ ! -e /usr/bin/weir ] || fail "something was unpacked"
is_gone || fail "dpkg keeps $(dpkg-query -W -f '${Status}' weir)"
rm /usr/sbin/uname
listing >/tmp/after
same_listing /tmp/before /tmp/after "something was left"
