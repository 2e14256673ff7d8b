//go:build !windows

package document

import "errors"

// askSAM asks a running Windows for its accounts.
func askSAM() *sam {
	err := errors.New("this is not a running Windows")
	return &sam{policyErr: err, userErrs: []error{err}, groupErrs: []error{err}}
}
