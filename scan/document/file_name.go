package document

import (
	"strings"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// nameState is what is known of the times beside the name of the row in work.
type nameState struct {
	asked bool
	times source.NameTimes
	err   error
}

// nameTimes are those that NTFS keeps beside the name ($FILE_NAME). No system
// hands them out for a mounted volume; other file systems have none.
func (f *file) nameTimes() (*source.NameTimes, error) {
	n := &f.item.names
	switch {
	case f.why != nil:
		return nil, f.why
	case f.in.vol.timer == nil && f.windows() && f.in.vol.mayHaveNameTimes():
		return nil, errNotCarried
	case f.in.vol.timer == nil:
		return &source.NameTimes{}, nil
	}
	if !n.asked {
		n.asked = true
		if n.times, n.err = f.in.vol.timer.NameTimes(f.path()); n.err != nil {
			f.item.tell(n.err)
		}
	}
	return &n.times, n.err
}

// mayHaveNameTimes: all but FAT and what CDs have, by whatever name a system
// calls those.
func (v *volume) mayHaveNameTimes() bool {
	switch strings.ToLower(v.Type) {
	case "fat12", "fat16", "fat32", "fat", "vfat", "msdos", "exfat", "iso9660", "cdfs":
		return false
	}
	return true
}

func nameTime(of func(*source.NameTimes) int64) func(*file, func(ioc.Value) bool) error {
	return func(f *file, yield func(ioc.Value) bool) error {
		n, err := f.nameTimes()
		if err != nil {
			return err
		}
		if t := of(n); t != 0 {
			yield(ioc.TicksValue(t))
		}
		return nil
	}
}
