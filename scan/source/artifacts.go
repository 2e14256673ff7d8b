package source

import "slices"

// OpenArtifacts is a source that offers nothing but loose files of the given
// kinds, such as event logs: they are handed to the documents beside it. All
// such files are of Windows, so that nothing of Windows is called absent.
func OpenArtifacts(name string, offers ...Capability) Source {
	return &machine{kind: "artifacts", name: name, platform: Windows, has: offers}
}

// With is a source beside which the user gives loose files in place of its own.
func With(src Source, offers ...Capability) Source { return given{src, offers} }

type given struct {
	Source
	offers []Capability
}

func (s given) Has(c Capability) bool { return slices.Contains(s.offers, c) || s.Source.Has(c) }
