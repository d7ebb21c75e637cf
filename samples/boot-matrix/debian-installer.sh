# Sourced by the recipes debian-installer-*: makes two CDs in the folder $1 that start Debian 12's network installer for the
# architecture $arch by isolinux. text.iso has its text screens on a VGA text screen; gtk.iso the graphical ones, at 1024x768 once the kernel knows the adapter.
. "$matrix/lib.sh"
isolinux=$(package isolinux)
syslinux_common=$(package syslinux-common)
netboot=$(package "debian-installer-12-netboot-$arch")/usr/lib/debian-installer/images/12/$arch
need xorriso xorriso

installer_cd() { # installer_cd KIND FOLDER ARGUMENTS: KIND names the package's folder and the CD
    mkdir -p "$2/isolinux"
    cp "$isolinux/usr/lib/ISOLINUX/isolinux.bin" "$2/isolinux/"
    cp "$syslinux_common/usr/lib/syslinux/modules/bios/ldlinux.c32" "$2/isolinux/"
    cp "$netboot/$1/debian-installer/$arch/linux" "$netboot/$1/debian-installer/$arch/initrd.gz" "$2/"
    cat >"$2/isolinux/isolinux.cfg" <<CFG
SAY The installer's boot loader is here.
DEFAULT install
PROMPT 1
LABEL install
  KERNEL /linux
  APPEND initrd=/initrd.gz $3 --- quiet
CFG
    xorriso -as mkisofs -quiet -o "$2.iso" -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 \
        -boot-info-table "$2"
    rm -r "$2"
}
installer_cd text "$1/text" 'vga=normal fb=false'
installer_cd gtk "$1/gtk" 'vga=788'
