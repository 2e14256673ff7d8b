package source_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"testing"

	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"

	"github.com/google/go-cmp/cmp"
)

var errDisk = errors.New("disk gives up")

func TestMemFaults(t *testing.T) {
	mem := source.NewMem(source.Windows).
		Put(`C:\shut`, source.MemNode{OpenErr: fs.ErrPermission}).
		Put(`C:\short`, source.MemNode{Content: "0123456789", ReadErr: errDisk, ReadOK: 4}).
		Put(`C:\shrunk`, source.MemNode{Info: source.Info{Size: 100}, Content: "0123456789"}).
		Put(`C:\cloud`, source.MemNode{Info: source.Info{Type: source.Cloud, Size: 7}}).
		Put(`C:\odd`, source.MemNode{LstatErr: errDisk}).
		Put(`C:\dir`, source.MemNode{Info: source.Info{Type: source.Dir}, ReadErr: errDisk, ReadOK: 2}).
		Add(`C:\dir\one`, "").Add(`C:\dir\two`, "").Add(`C:\dir\three`, "").
		Put(`C:\owned`, source.MemNode{Owner: source.Owner{User: "alice"}, Streams: map[string]string{"Zone.Identifier": "[ZoneTransfer]"}})
	fsys := mem.Volumes()[0].FS

	for path, want := range map[string]error{"/shut": fs.ErrPermission, "/cloud": source.ErrOffline, "/dir": source.ErrNotRegular} {
		if _, err := fsys.Open(path); !errors.Is(err, want) {
			t.Errorf("open %s: %v, want %v", path, err, want)
		}
	}
	if _, err := fsys.Lstat("/odd"); !errors.Is(err, errDisk) {
		t.Errorf("lstat: %v", err)
	}

	for path, c := range map[string]struct {
		want string
		err  error
	}{"/short": {"0123", errDisk}, "/shrunk": {"0123456789", nil}} {
		f, err := fsys.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if string(b) != c.want || !errors.Is(err, c.err) {
			t.Errorf("read %s: %q, %v, want %q, %v", path, b, err, c.want, c.err)
		}
	}

	var got []string
	var last error
	for e, err := range fsys.ReadDir(context.Background(), "/dir") {
		if last = err; err == nil {
			got = append(got, e.Name)
		}
	}
	if d := cmp.Diff([]string{"one", "two"}, got); d != "" || !errors.Is(last, errDisk) {
		t.Errorf("listing: %s, %v", d, last)
	}
	if e := sourcetest.List(t, fsys, "/")["cloud"]; e.Info == nil || e.Info.Size != 7 || e.Type != source.Cloud {
		t.Errorf("listing on Windows: %+v", e)
	}

	if o, err := fsys.(source.Ownerer).Owner("/owned"); err != nil || o.User != "alice" {
		t.Errorf("owner %+v, %v", o, err)
	}
	s := fsys.(source.Streamer)
	if list, err := s.Streams("/owned"); err != nil || len(list) != 1 || list[0] != (source.Stream{Name: "Zone.Identifier", Size: 14}) {
		t.Errorf("streams %+v, %v", list, err)
	}
	if f, err := s.OpenStream("/owned", "Zone.Identifier"); err != nil {
		t.Error(err)
	} else if b, err := io.ReadAll(f); string(b) != "[ZoneTransfer]" || err != nil {
		t.Errorf("stream %q, %v", b, err)
	}
	if _, err := s.OpenStream("/owned", "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing stream: %v", err)
	}
	if _, ok := source.NewMem(source.Linux).Volumes()[0].FS.(source.Streamer); ok {
		t.Error("a Linux volume has streams")
	}
}
