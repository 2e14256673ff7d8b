package document

import (
	"errors"

	"iocscan/ioc"
	"iocscan/scan/internal/pe"
)

// errTrust answers whether a signature is good: that needs the certificates
// which the system trusts, and its catalogues, which sign files from outside.
var errTrust = errors.New("whether the signer is trusted is not checked")

func signatureExists(p *pe.File, yield func(ioc.Value) bool) error {
	signed, err := p.Signed()
	if err == nil {
		yield(ioc.BoolValue(signed))
	}
	return err
}

// SignatureVerified is false where the file is not the one that was signed.
// Nothing else is decided here.
func signatureVerified(p *pe.File, yield func(ioc.Value) bool) error {
	list, err := p.Signatures()
	if len(list) == 0 { // a catalogue may sign it
		if err == nil {
			err = errTrust
		}
		return err
	}
	same, err := p.DigestMatches(&list[0]) // the system looks at the first
	switch {
	case err != nil:
		return err
	case same:
		return errTrust
	}
	yield(ioc.BoolValue(false))
	return nil
}

// signers answers a name of each signer: whole, and its common name.
func signers(of func(*pe.Signature) pe.Name) func(*pe.File, func(ioc.Value) bool) error {
	return func(p *pe.File, yield func(ioc.Value) bool) error {
		list, err := p.Signatures()
		for n := range list {
			name := of(&list[n])
			if len(name) == 0 {
				if err == nil {
					err = errors.New("signature: the certificate of a signer is not enclosed")
				}
				continue
			}
			if !yield(ioc.TextValue(name.String())) {
				return nil
			}
			if c := name.Common(); c != "" && len(name) > 1 && !yield(ioc.TextValue(c)) {
				return nil
			}
		}
		return err
	}
}
