# Sourced by the recipes debian-disk-*: makes disk.img in the folder $1, Debian 12 for the architecture $arch by debootstrap
# with the distribution's kernel, GRUB, systemd and an X11 desktop that `startx` starts. root's password is arclet.
# Nothing of this computer is touched: GRUB and the partition table are written into the file, nothing is mounted but the
# new system's /proc. Needs root, and 3 GB in $1.
. "$matrix/lib.sh"
need debootstrap debootstrap
need mke2fs e2fsprogs
[ "$(id -u)" = 0 ] || { echo "recipe: debootstrap needs root; run this as root" >&2; exit 1; }
uuid=6172636c-6574-0000-0000-000000000001
case $arch in i386) kernel=linux-image-686 ;; *) kernel=linux-image-$arch ;; esac

root=$1/root
grub=$root/usr/lib/grub/i386-pc
base=grub-pc-bin,systemd-sysv,udev,dbus,libpam-systemd,kmod,e2fsprogs,login,iproute2,ifupdown,isc-dhcp-client,less,nano
desktop=xserver-xorg-core,xserver-xorg-input-libinput,xinit,icewm,xterm,x11-apps,xfonts-base,x11-xserver-utils,x11-utils
debootstrap --arch="$arch" --variant=minbase --include="$base,initramfs-tools,zstd,$desktop" bookworm "$root"
mount -t proc proc "$root/proc"
trap 'umount "$root/proc" 2>/dev/null || true' EXIT
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
# The initial RAM disk has this computer's drivers only, what Debian's installer calls targeted: GRUB reads it by the BIOS.
echo MODULES=list >"$root/etc/initramfs-tools/conf.d/targeted"
printf '%s\n' ata_piix sd_mod virtio_pci virtio_blk ext4 >"$root/etc/initramfs-tools/modules"
DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$root" apt-get install -y --no-install-recommends "$kernel"
rm "$root/usr/sbin/policy-rc.d"
umount "$root/proc"
rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*

echo "debian-$arch" >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 debian-%s\n' "$arch" >"$root/etc/hosts"
echo "UUID=$uuid / ext4 errors=remount-ro 0 1" >"$root/etc/fstab"
echo 'root:arclet' | chroot "$root" chpasswd
# On a slow machine a login takes longer than the minute it is given, and udev may see the serial line too late for systemd's
# usual patience.
sed -i 's/^LOGIN_TIMEOUT.*/LOGIN_TIMEOUT\t\t600/' "$root/etc/login.defs"
mkdir "$root/etc/systemd/system/dev-ttyS0.device.d"
printf '[Unit]\nJobRunningTimeoutSec=infinity\n' >"$root/etc/systemd/system/dev-ttyS0.device.d/patience.conf"
mkdir -p "$root/etc/X11/xorg.conf.d"
cat >"$root/etc/X11/xorg.conf.d/video.conf" <<'X'
Section "Device"
    Identifier "video"
    Driver "modesetting"
    Option "AccelMethod" "none"
EndSection
X
# xev tells the serial line, from which the desktop is started, where it is clicked.
user_home=$(chroot "$root" sh -c 'echo ~root')
cat >"$root$user_home/.xinitrc" <<'X'
xsetroot -solid '#204a60' -cursor_name left_ptr
icewm &
xterm -geometry 80x24+60+60 -title Terminal &
xcalc -geometry +700+100 &
xeyes -geometry 200x120+760+500 &
xev -geometry 300x150+100+530 -event button &
for title in Terminal Calculator xeyes 'Event Tester'; do
    until xwininfo -name "$title" 2>/dev/null | grep -q IsViewable; do sleep 1; done
done
echo The desktop is there.
wait
X

mkdir -p "$root/boot/grub/i386-pc"
cp "$grub"/*.mod "$grub"/*.lst "$root/boot/grub/i386-pc/"
cat >"$root/boot/grub/grub.cfg" <<G
set timeout=1
insmod part_msdos
insmod ext2
search --no-floppy --fs-uuid --set=root $uuid
menuentry 'Debian GNU/Linux' {
    linux /boot/$(cd "$root/boot" && echo vmlinuz-*) root=UUID=$uuid ro quiet console=tty0 console=ttyS0 net.ifnames=0
    initrd /boot/$(cd "$root/boot" && echo initrd.img-*)
}
G

# GRUB's boot sector takes what follows it on the disk for the rest of GRUB.
partitioned "$1/disk.img" 2048 203 "$grub/boot.img"
mke2fs -q -t ext4 -U $uuid -d "$root" -E offset=1048576,root_owner=0:0 "$1/disk.img" 2047m
chroot "$root" grub-mkimage -O i386-pc -o /core.img -p '(hd0,msdos1)/boot/grub' biosdisk part_msdos ext2 normal
dd if="$root/core.img" of="$1/disk.img" bs=512 seek=1 conv=notrunc status=none
rm -rf "$root"

# What the matrix asks after a guest that passed: it powered off, and its file system is whole and was unmounted.
cat >"$1/check" <<'C'
#!/bin/sh
# check LOG: the log is the emulator's.
grep -q 'the guest powered off' "$1" || { echo 'the guest did not power off' && exit 1; }
dumpe2fs -h 'disk.img?offset=1048576' 2>/dev/null | grep -q 'Filesystem state: *clean' || { echo 'not clean' && exit 1; }
dumpe2fs -h 'disk.img?offset=1048576' 2>/dev/null | grep -q needs_recovery && { echo 'not unmounted' && exit 1; }
e2fsck -fn 'disk.img?offset=1048576'
C
chmod 755 "$1/check"
