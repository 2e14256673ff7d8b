#!/bin/bash
# Makes the images of this folder with e2fsprogs 1.47 (as root, for owners and
# devices): ./make.sh, in an empty folder. What they hold is what image_test.go
# expects.
set -e
export LC_ALL=C TZ=UTC MKE2FS_CONFIG=/dev/null E2FSPROGS_FAKE_TIME=1700000000
umask 022
t=tree
mkdir -p $t/many $t/deep/er
printf 'small\n' >$t/small
: >$t/empty
head -c 60 /dev/zero | tr '\0' i >$t/in60
head -c 100 /dev/zero | tr '\0' j >$t/in100
awk 'BEGIN { for (i = 0; i < 70000; i++) printf "%09d\n", i / 100 }' >$t/big # 700,000 bytes
truncate -s 300000 $t/hole
truncate -s 70000000 $t/far && printf far | dd of=$t/far bs=1 seek=69999997 conv=notrunc status=none
for i in $(seq 0 199); do printf '%08d' $i | dd of=$t/comb bs=1 seek=$((i * 8192)) conv=notrunc status=none; done
for i in $(seq 0 149); do ln $t/small $t/many/a-name-that-takes-some-room-$i; done
printf x >$t/deep/er/$'\xff\xfe not UTF-8'
printf y >$t/deep/er/$'new\nline'
ln -s small $t/short
ln -s "/$(printf 'far/%.0s' $(seq 25))" $t/long
ln $t/small $t/hard
mkfifo $t/fifo
mknod $t/null c 1 3
chown 70000:80000 $t/small
chmod 4755 $t/empty
printf gone >$t/gone
printf gone2 >$t/deep/gone2
find $t -exec touch -h -d @1600000000 {} +

make() { # name, size, options of mke2fs
	name=$1 size=$2
	shift 2
	rm -f $name.img
	mke2fs -q -F -r 1 -U 01234567-89ab-cdef-0123-456789abcdef -L 'iocscan test' -E hash_seed=01234567-89ab-cdef-0123-456789abcdef,root_owner=0:0 -d $t "$@" $name.img $size >$name.log 2>&1
	debugfs -w -R 'set_inode_field /in60 mtime @4102444800' $name.img 2>>$name.log
	debugfs -w -R 'ea_set /in60 user.note something' $name.img 2>>$name.log
	e2fsck -fyD $name.img >>$name.log 2>&1 || true
	debugfs -w -R 'rm /gone' $name.img 2>>$name.log
	debugfs -w -R 'rm /deep/gone2' $name.img 2>>$name.log
	e2fsck -fn $name.img >>$name.log 2>&1 || { cat $name.log; exit 1; }
	gzip -9n <$name.img >$name.img.gz
}
make ext2-nofiletype 3M -b 1024 -I 128 -t ext2 -O ^filetype,^resize_inode -N 64
make ext3 4M -b 1024 -I 256 -t ext3 -J size=1 -N 64
make ext4 3M -b 1024 -I 256 -O extent,64bit,metadata_csum,flex_bg,huge_file,dir_nlink,extra_isize,large_file,sparse_super,dir_index,filetype,^resize_inode -N 64
make ext4-inline 3M -b 1024 -I 256 -O extent,inline_data,extra_isize,dir_index,filetype,large_file,sparse_super,^resize_inode -N 64
make ext4-metabg 6M -b 1024 -I 256 -g 256 -O extent,64bit,meta_bg,dir_index,filetype,large_file,sparse_super,^resize_inode -N 64
make ext4-bigalloc 8M -b 1024 -C 16384 -I 256 -O extent,bigalloc,dir_index,filetype,large_file,sparse_super,^resize_inode -N 64
make ext4-64k 6M -b 65536 -I 256 -O extent,dir_index,filetype,large_file,sparse_super,^resize_inode -N 64
