package source

import (
	"fmt"
	"hash/maphash"
	"sync"

	"iocscan/scan/internal/fsys"
)

// folderPlaces remember under which path each folder of a file system was first
// listed. A folder has one place. On a volume that is damaged, or made to harm,
// folders contain each other or share what is in them; a walk by paths would
// then never end, or take as long as there are paths, which can double with
// every folder.
type folderPlaces struct {
	mu    sync.Mutex
	seed  maphash.Seed
	first map[fsys.ID]uint64 // hash of the path, so that a folder costs a few bytes
}

func newFolderPlaces() *folderPlaces {
	return &folderPlaces{seed: maphash.MakeSeed(), first: make(map[fsys.ID]uint64)}
}

// enter is asked before a folder is listed; the error says that it has been
// under another path.
func (p *folderPlaces) enter(id fsys.ID, path string) error {
	h := maphash.String(p.seed, path)
	p.mu.Lock()
	defer p.mu.Unlock()
	if first, ok := p.first[id]; ok && first != h {
		return fmt.Errorf("the same folder (number %d) was listed under another path: the file system has it in two places", id)
	}
	p.first[id] = h
	return nil
}
