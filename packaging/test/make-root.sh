#!/bin/sh
# Makes a Debian root as a tar, in namespaces of its own. By environment: ROOTS, EMULATORS as in enter.sh,
# ARCH, SUITE, MIRROR, APT_OPTIONS (a file), TAR (what it makes).
set -eu
cd /
mount -t proc proc /proc
if [ -n "$EMULATORS" ]; then
    mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    for emulator in $EMULATORS; do
        cat "$emulator" >/proc/sys/fs/binfmt_misc/register
    done
fi
mount -t tmpfs -o mode=1777,size=3g tmpfs "$ROOTS"
# Without the security suite: some mirrors are behind with it, and what is tested here is not Debian.
# `check/qemu` asks for a registration with the host; `output/dev` are devices, which a namespace may not make.
TMPDIR=$ROOTS mmdebstrap --quiet --mode=root --skip=check/qemu,output/dev --variant=minbase --format=tar \
    --architectures="$ARCH" --include=systemd-sysv,dbus,adduser \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg --aptopt="$APT_OPTIONS" \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$SUITE" "$TAR" "deb $MIRROR $SUITE main" "deb $MIRROR $SUITE-updates main"
