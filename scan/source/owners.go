package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"sync"
)

const maxAccountsFile = 64 << 20

// withOwners is a tree of a Unix system with the owners' names out of its own
// /etc.
func withOwners(t *linkTree) FS {
	names := &idNames{fs: t}
	t.owners = names.owner
	return idTree{t}
}

// idNames turns uid and gid into names by the evidence's own /etc/passwd and
// /etc/group, read once. The scanner's name services are never asked: they
// would answer for another machine, and over the network.
type idNames struct {
	fs            FS
	users, groups lazyNames
}

type lazyNames struct {
	once  sync.Once
	names map[int64]string
	err   error
}

func (n *idNames) owner(info Info) (Owner, error) {
	o := Owner{}
	var errU, errG error
	if info.UID >= 0 {
		o.UserID = strconv.FormatInt(info.UID, 10)
		o.User, errU = n.users.get(n.fs, "/etc/passwd", info.UID)
	}
	if info.GID >= 0 {
		o.GroupID = strconv.FormatInt(info.GID, 10)
		o.Group, errG = n.groups.get(n.fs, "/etc/group", info.GID)
	}
	return o, errors.Join(errU, errG)
}

// get is the name of an id, empty where the file or the id is not there. That
// the file cannot be read is an error each time.
func (l *lazyNames) get(fsys FS, path string, id int64) (string, error) {
	l.once.Do(func() { l.names, l.err = readNames(fsys, path) })
	return l.names[id], l.err
}

func readNames(fsys FS, path string) (map[int64]string, error) {
	at, err := fsys.Resolve(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("names of owners: %w", err)
	}
	f, err := fsys.Open(at)
	if err != nil {
		return nil, fmt.Errorf("names of owners: %w", err)
	}
	defer f.Close()
	names, err := parseNames(io.LimitReader(f, maxAccountsFile))
	if err != nil {
		return names, fmt.Errorf("names of owners: %s: %w", path, err)
	}
	return names, nil
}
