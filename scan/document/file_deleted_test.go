package document

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/ioc/match"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

// withDeleted is evidence with deleted files on its first volume.
type withDeleted struct {
	*source.Mem
	list []source.DeletedObject
	errs []error
}

func (w withDeleted) Volumes() []source.Volume {
	volumes := w.Mem.Volumes()
	volumes[0].Deleted = func(context.Context) iter.Seq2[source.DeletedObject, error] {
		return func(yield func(source.DeletedObject, error) bool) {
			for _, err := range w.errs {
				if !yield(source.DeletedObject{}, err) {
					return
				}
			}
			for _, d := range w.list {
				if !yield(d, nil) {
					return
				}
			}
		}
	}
	return volumes
}

// deletedFile is a deleted file with a content; its size is that of the content unless
// it is given.
func deletedFile(folder, name, content string, size ...int64) source.DeletedObject {
	info := source.Info{INode: 9}
	if len(size) > 0 {
		info.Size = size[0]
	}
	m := source.NewMem(source.Windows).Put("C:"+strings.ReplaceAll(source.Join(folder, name), "/", `\`), source.MemNode{Content: content, Info: info})
	return source.DeletedObject{Folder: folder, Name: name, FS: m.Volumes()[0].FS}
}

func TestDeletedFiles(t *testing.T) {
	m := source.NewMem(source.Windows).Add(`C:\Temp\live.exe`, "live")
	plain := deletedFile("/Temp", "evil.exe", "abc")
	reused := deletedFile("/Temp", "old.exe", "somebody else's")
	reused.Reused = true
	lost := deletedFile("/[folder not known]", "lost.exe", "abc")
	lost.Lost = true
	nameless := deletedFile("/Temp", "[object 9]", "abc", -1)
	nameless.Nameless = true
	elsewhere := deletedFile("/Users", "far.exe", "abc")
	excluded := deletedFile("/Temp", "x.log", "abc")
	src := withDeleted{Mem: m, list: []source.DeletedObject{plain, reused, lost, nameless, elsewhere, excluded}}

	r := scan(t, src, ask{terms: []string{"FullPath", "FilePath", "FileName", "FileExtension", "SizeInBytes", "Md5sum"}, Options: scope.Options{Exclude: []string{"*.log"}}})
	r.want(t, `C:\Temp`, `C:\Temp\live.exe`, `C:\Temp\evil.exe (deleted)`, `C:\Temp\old.exe (deleted)`,
		`C:\[folder not known]\lost.exe (deleted)`, `C:\Temp\[object 9] (deleted)`, `C:\Users\far.exe (deleted)`)
	if d := cmp.Diff(map[string][]string{
		"FullPath": {`C:\Temp\evil.exe`, `\Temp\evil.exe`}, "FilePath": {"Temp", `\Temp`, `C:\Temp`}, "FileName": {"evil.exe"},
		"FileExtension": {"exe", ".exe"}, "SizeInBytes": {"3"}, "Md5sum": {"900150983cd24fb0d6963f7d28e17f72"},
	}, r.items[`C:\Temp\evil.exe (deleted)`].values); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	for label, unknown := range map[string][]string{
		`C:\Temp\evil.exe (deleted)`:               nil,
		`C:\Temp\old.exe (deleted)`:                {"Md5sum"},
		`C:\[folder not known]\lost.exe (deleted)`: {"FilePath", "FullPath"},
		`C:\Temp\[object 9] (deleted)`:             {"FileExtension", "FileName", "FullPath", "SizeInBytes"},
	} {
		if d := cmp.Diff(unknown, slices.Sorted(maps.Keys(r.items[label].errs))); d != "" {
			t.Errorf("%s: unknown (-want +got)\n%s", label, d)
		}
	}
	if err := r.items[`C:\Temp\old.exe (deleted)`].errs["Md5sum"]; !errors.Is(err, source.ErrReused) {
		t.Errorf("content that is another's: %v", err)
	}
	if err := r.items[`C:\[folder not known]\lost.exe (deleted)`].errs["FullPath"]; !errors.As(err, new(match.StandIn)) {
		t.Errorf("a made-up folder is told as if it were the true one: %v", err)
	}
	if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "deleted files and folders looked at: 5; ") {
		t.Errorf("notes %q", r.Notes)
	}
	if !r.Complete || r.Full { // an exclusion
		t.Errorf("complete %v, full %v", r.Complete, r.Full)
	}

	r = scan(t, src, ask{Options: scope.Options{Scopes: []string{`C:\Users`}}})
	r.want(t) // the evidence has no such folder, so it is no area
	r = scan(t, src, ask{Options: scope.Options{Scopes: []string{`C:\Temp`}, Hint: `evil`}})
	r.want(t, `C:\Temp\evil.exe (deleted)`)
}

// What cannot be listed leaves the document open.
func TestDeletedUnlisted(t *testing.T) {
	src := withDeleted{Mem: source.NewMem(source.Windows).Add(`C:\f`, ""), list: []source.DeletedObject{deletedFile("/", "g", "")}, errs: []error{errors.New("record 7 is damaged")}}
	r := scan(t, src, ask{})
	r.want(t, `C:\f`, `C:\g (deleted)`, `C:\ (unlisted)`)
	if r.Full || r.Unlisted != 1 || len(r.troubles[`C:\ (deleted)`]) != 1 {
		t.Errorf("full %v, %d unlisted, troubles %v", r.Full, r.Unlisted, r.troubles)
	}
}

// timed is a file system that keeps times beside names.
type timed struct{ source.FS }

func (n timed) NameTimes(name string) (source.NameTimes, error) {
	if name == "/bad" {
		return source.NameTimes{}, errors.New("damaged")
	}
	return source.NameTimes{Created: ticks("2020-01-02T03:04:05Z"), Modified: ticks("2021-01-02T03:04:05Z"),
		Accessed: ticks("2022-01-02T03:04:05Z"), Changed: 0}, nil
}

type withNames struct{ *source.Mem }

func (w withNames) Volumes() []source.Volume {
	volumes := w.Mem.Volumes()
	volumes[0].FS = timed{volumes[0].FS}
	volumes[1].Type = "vfat"
	return volumes
}

func TestNameTimes(t *testing.T) {
	m := source.NewMem(source.Windows, "C:", "D:").Add(`C:\f`, "").Add(`C:\bad`, "").Add(`D:\f`, "")
	r := scan(t, withNames{m}, ask{terms: []string{"FilenameCreated", "FilenameModified", "FilenameAccessed", "FilenameChanged"}})
	if d := cmp.Diff(map[string][]string{"FilenameCreated": {"2020-01-02T03:04:05Z"}, "FilenameModified": {"2021-01-02T03:04:05Z"},
		"FilenameAccessed": {"2022-01-02T03:04:05Z"}}, r.items[`C:\f`].values); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if n := len(r.items[`C:\bad`].errs); n != 4 || len(r.troubles[`C:\bad`]) != 1 {
		t.Errorf("%d unknown, troubles %v", n, r.troubles)
	}
	if fat := r.items[`D:\f`]; len(fat.errs)+len(fat.values) != 0 {
		t.Errorf("FAT has no such times: %v, %v", fat.values, fat.errs)
	}
}
