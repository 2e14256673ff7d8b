package document

import (
	"context"
	"sync"
)

// eventShared is what the workers of one run know together of the machine, to
// tell what is not in the records: the texts of messages and the names of
// accounts. Nothing of it is read before a record needs it.
type eventShared struct {
	ctx  context.Context
	req  *Request
	sids *sidNames

	// mu is held while evidence is read: a hive serves one goroutine at a time.
	mu        sync.Mutex
	loadSIDs  func()
	providers map[providerName]*provider
	published map[string]string // GUID by the folded name of a manifest's provider; nil: not read yet
	files     map[string]*messageFile
	languages map[string][]string // by folder
	told      map[string]bool     // keys of the registry that could not be read
	left      int64               // bytes of tables that may still be kept
}

func newEventShared(ctx context.Context, req *Request) *eventShared {
	s := &eventShared{
		ctx: ctx, req: req, sids: newSIDNames(req), left: mostTables,
		providers: map[providerName]*provider{}, files: map[string]*messageFile{}, languages: map[string][]string{}, told: map[string]bool{},
	}
	s.loadSIDs = sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sids.load()
	})
	return s
}

// account is whose a SID is that is not the same everywhere.
func (s *eventShared) account(sid string) (sidName, bool) {
	s.loadSIDs()
	return s.sids.name(sid)
}
