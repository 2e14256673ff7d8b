package document

import (
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/shimcache"
)

// shimCaches are the keys whose value AppCompatCache is the application
// compatibility cache: since Windows Server 2003, and of XP.
var shimCaches = []string{"AppCompatCache", "AppCompatibility"}

// regShimCache are the paths of the programs in the cache, as it has them, and
// without what stands for the drive.
func regShimCache(v *regValue, yield func(ioc.Value) bool) error {
	if _, key := splitKey(v.key.path); !v.has || !ioc.EqualFold(v.value.Name(), "AppCompatCache") || !containsFold(shimCaches, key) {
		return nil
	}
	data, err := v.data()
	if err != nil {
		return err
	}
	list, err := shimcache.Parse(data)
	if err != nil {
		v.item.req.trouble(v.label(), err)
	}
	for n := range list {
		path := list[n].Path
		if !yield(ioc.PathValue(path)) {
			return nil
		}
		rest, object := strings.CutPrefix(path, `\??\`)
		if !object {
			rest, object = cutPrefixFold(path, "SYSVOL") // on the volume of the system, Windows 8
		}
		if object && !yield(ioc.PathValue(rest)) {
			return nil
		}
	}
	return err
}
