#!/bin/sh
# A fleet's way: the repository that `cargo xtask apt-repo` makes, its key, install, upgrade, and back.
# shellcheck source=packaging/test/lib.sh
. /weir-test/scripts/lib.sh

old=$(version_of "$debs/previous.deb")
new=$(version_of "$debs/weir.deb")

# Debian's own lists stay as they are: there is no network.
update_from() {
    cp "$debs/$1/weir.sources" /etc/apt/sources.list.d/ || fail "no repository $1"
    apt-get -q update -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/etc/apt/sources.list.d \
        -o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root --error-on=any
}

step "without its key, the repository is refused"
! update_from repository-old || fail "apt trusts a repository without its key"

step "apt update, apt install weir: $old"
install -D -m 644 "$debs/repository-old/weir-archive-keyring.asc" /etc/apt/keyrings/weir-archive-keyring.asc
update_from repository-old
apt_offline install weir
[ "$(installed_version)" = "$old" ] || fail "installed: $(installed_version)"

step "apt update, apt upgrade: $new"
update_from repository-new
apt_offline upgrade
[ "$(installed_version)" = "$new" ] || fail "installed: $(installed_version)"
as_weir weir check --offline

step "back to $old"
apt_offline --allow-downgrades install "weir=$old"
[ "$(installed_version)" = "$old" ] || fail "installed: $(installed_version)"
as_weir weir check --offline

step "a repository that somebody changed is refused"
mkdir /tmp/changed
cp -r "$debs/repository-new/." /tmp/changed/
for list in /tmp/changed/dists/stable/main/binary-*/Packages; do
    echo >>"$list"
    rm -f "$list.gz"
done
sed -i 's|^URIs: .*|URIs: file:///tmp/changed|' /etc/apt/sources.list.d/weir.sources
! apt-get -q update -o Dir::Etc::SourceList=/dev/null -o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root \
    --error-on=any || fail "apt trusts lists that do not fit their signature"
