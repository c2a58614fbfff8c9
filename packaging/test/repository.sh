#!/bin/sh
# A fleet's way: the repository that `cargo xtask apt-repo` makes, its key, install, upgrade, and back.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

old=$(version_of "$debs/previous.deb")
new=$(version_of "$debs/weir.deb")

use() {
    cat >/etc/apt/sources.list.d/weir.sources <<C
Types: deb
URIs: file://$debs/$1
Suites: stable
Components: main
Signed-By: /usr/share/keyrings/weir.gpg
C
    apt-get -q update -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::SourceParts=/etc/apt/weir-only -o APT::Get::List-Cleanup=0 --error-on=any
}

mkdir -p /etc/apt/weir-only
ln -sf ../sources.list.d/weir.sources /etc/apt/weir-only/weir.sources

step "a repository whose key is not known is refused"
gpgconf --version >/dev/null 2>&1 || true
: >/usr/share/keyrings/weir.gpg
! use repository-old || fail "apt trusts a repository without its key"

step "apt update and apt install weir: $old"
cp "$debs/repository-key.gpg" /usr/share/keyrings/weir.gpg
use repository-old
apt-get -q -y install weir
[ "$(installed_version)" = "$old" ] || fail "installed: $(installed_version)"

step "apt upgrade: $new"
use repository-new
apt-get -q -y --only-upgrade install weir
[ "$(installed_version)" = "$new" ] || fail "installed: $(installed_version)"
as_weir weir check --offline

step "back to $old"
apt-get -q -y --allow-downgrades install "weir=$old"
[ "$(installed_version)" = "$old" ] || fail "installed: $(installed_version)"
