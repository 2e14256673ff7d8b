package document

import (
	"io/fs"
	"testing"

	"iocscan/scan/source"
)

func TestDisksOfLinux(t *testing.T) {
	const sda = "/sys/devices/pci0000:00/usb1/1-1/host2/block/sda"
	m := source.NewMem(source.Linux).Offer(source.Live).
		AddLink("/sys/block/sda", "../devices/pci0000:00/usb1/1-1/host2/block/sda").
		AddLink("/sys/block/loop0", "../devices/virtual/block/loop0").
		AddLink("/sys/block/dm-0", "../devices/virtual/block/dm-0").
		Add(sda+"/size", "4096\n").Add(sda+"/queue/rotational", "1\n").
		Add(sda+"/sda2/partition", "2\n").Add(sda+"/sda2/start", "2048\n").Add(sda+"/sda2/size", "1024\n").Add(sda+"/sda2/dev", "8:2\n").
		Add(sda+"/sda1/partition", "1\n").Add(sda+"/sda1/start", "64\n").Add(sda+"/sda1/size", "1000\n").Add(sda+"/sda1/dev", "8:1\n").
		Add("/run/udev/data/b8:2", "I:1\nE:ID_PART_ENTRY_TYPE=0fc63daf-8483-4772-8e79-3d69d8477de4\n").
		Add("/sys/devices/virtual/block/loop0/size", "0\n").
		Add("/sys/devices/virtual/block/dm-0/size", "8\n")
	tell(t, &disks, m).want(t, `
		/dev/dm-0
		  DiskName = dm-0 | /dev/dm-0
		  DevicePath = /dev/dm-0
		  DiskSize = 4096
		  Type = dm ~
		/dev/sda
		  DiskName = sda | /dev/sda
		  DevicePath = /dev/sda
		  DiskSize = 2097152
		  Type = disk ~
		  DiskConnection = usb ~
		  PartitionList/Partition/PartitionNumber = 1 | 2
		  PartitionList/Partition/PartitionOffset = 32768 | 1048576
		  PartitionList/Partition/PartitionLength = 512000 | 524288
		  PartitionList/Partition/PartitionType = 0fc63daf-8483-4772-8e79-3d69d8477de4?
	`)
	m.Put(sda+"/size", source.MemNode{OpenErr: fs.ErrPermission})
	got := tell(t, &disks, m)
	got.tells(t, "disk sda: ")
	if got.Complete {
		t.Error("complete without a disk")
	}
}

func TestDisksOfPartitions(t *testing.T) {
	m := source.NewMem(source.Linux).Offer(source.Live).
		Add("/proc/partitions", "major minor  #blocks  name\n\n 259 0 1000 nvme0n1\n 259 1 10 nvme0n1p1\n 8 0 500 sda\n 8 1 1 sda1\n 8 10 2 sda10\n 7 0 4 loop0\n")
	tell(t, &disks, m).want(t, `
		/dev/loop0
		  DiskName = loop0 | /dev/loop0
		  DevicePath = /dev/loop0
		  DiskSize = 4096
		  Type = loop ~
		  DiskConnection = ?
		/dev/nvme0n1
		  DiskName = nvme0n1 | /dev/nvme0n1
		  DevicePath = /dev/nvme0n1
		  DiskSize = 1024000
		  Type = disk ~
		  DiskConnection = ?
		  PartitionList/Partition/PartitionNumber = 1
		  PartitionList/Partition/PartitionOffset = ?
		  PartitionList/Partition/PartitionLength = 10240
		  PartitionList/Partition/PartitionType = ?
		/dev/sda
		  DiskName = sda | /dev/sda
		  DevicePath = /dev/sda
		  DiskSize = 512000
		  Type = disk ~
		  DiskConnection = ?
		  PartitionList/Partition/PartitionNumber = 1 | 10
		  PartitionList/Partition/PartitionOffset = ?
		  PartitionList/Partition/PartitionLength = 1024 | 2048
		  PartitionList/Partition/PartitionType = ?
	`)
	got := tell(t, &disks, source.NewMem(source.Linux).Offer(source.Live))
	got.tells(t, "disks are shown neither")
	if got.Complete {
		t.Error("complete without disks")
	}
	tell(t, &disks, source.NewMem(source.Linux).Offer(source.Live).Add("/proc/partitions", "8 0 x sda\n")).tells(t, "no size")
}
