//go:build !windows

package document

import "errors"

// askSystem asks a running Windows for its state.
func askSystem() (now ntLive) {
	err := errors.New("this is not a running Windows")
	now.adaptersErr = err
	for _, f := range []*fact{&now.names, &now.domain, &now.drives, &now.loggedOn} {
		f.why = err
	}
	now.uptime.why, now.total.why, now.available.why = err, err, err
	return now
}
