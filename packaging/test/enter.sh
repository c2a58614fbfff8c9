#!/bin/sh
# The first process of a package test's own namespaces: makes a Debian root in memory and runs one script in it.
# Everything that it mounts, registers and starts ends with it. `cargo xtask test-deb` starts it, and says by
# environment: ROOTS (a folder to mount over), BASE (the root as a tar), EMULATORS (files for binfmt_misc),
# HOW (chroot or boot), SCRIPT (its name), SCRIPTS, DEBS, ARCHIVES, OUT (folders), APT_OPTIONS (a file), NETWORK (host or loopback),
# KEEP (where the root goes as a tar afterwards, or nothing).
set -eu
cd /
root=$ROOTS/root

mount -t proc proc /proc
if [ -n "$EMULATORS" ]; then
    mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    for emulator in $EMULATORS; do
        cat "$emulator" >/proc/sys/fs/binfmt_misc/register
    done
fi

mount -t tmpfs -o mode=755,size=3g tmpfs "$ROOTS"
mkdir "$root"
mount -t tmpfs -o mode=755,size=3g tmpfs "$root"
tar -x -f "$BASE" -C "$root" --numeric-owner

mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/weir-test"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount --rbind /proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/weir-test"
for folder in scripts debs out; do
    mkdir "$root/weir-test/$folder"
done
mount --bind -o ro "$SCRIPTS" "$root/weir-test/scripts"
mount --bind -o ro "$DEBS" "$root/weir-test/debs"
mount --bind "$OUT" "$root/weir-test/out"
cp "$APT_OPTIONS" "$root/etc/apt/apt.conf.d/99mmdebstrap"
mkdir -p "$root/var/cache/apt/archives"
mount --bind "$ARCHIVES" "$root/var/cache/apt/archives"
if [ "$NETWORK" = loopback ]; then
    ip link set lo up
    # Where the network is not ours, sysfs is not ours to mount.
    mount -t sysfs -o ro sysfs "$root/sys"
else
    cat /etc/resolv.conf >"$root/etc/resolv.conf"
fi

if [ "$HOW" = boot ]; then
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    echo weir-test >"$root/etc/hostname"
    : >"$root/etc/machine-id"
    cp "$SCRIPTS/weir-test.service" "$root/etc/systemd/system/"
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
    ln -sf ../weir-test.service "$root/etc/systemd/system/multi-user.target.wants/"
    echo "SCRIPT=$SCRIPT" >"$root/weir-test/environment"
    # What only the first system of a machine may do.
    for unit in dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
        systemd-modules-load.service; do
        ln -sf /dev/null "$root/etc/systemd/system/$unit"
    done
    mkdir "$root/weir-test/host"
    cd "$root"
    pivot_root . weir-test/host
    umount -l /weir-test/host
    exec env -i container=weir-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd </dev/null
fi

status=0
env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 EMULATED="$EMULATORS" \
    chroot "$root" sh -eu "/weir-test/scripts/$SCRIPT.sh" </dev/null || status=$?
if [ "$status" = 0 ] && [ -n "$KEEP" ]; then
    umount "$root/var/cache/apt/archives"
    umount -R "$root/dev" "$root/proc" "$root/run" "$root/weir-test"
    mountpoint -q "$root/sys" && umount "$root/sys"
    rmdir "$root/weir-test"
    tar -c -f "$KEEP" -C "$root" --numeric-owner .
fi
exit "$status"
