package ioc

// Truth has three values (Kleene). The order False < Unknown < True makes AND
// the smaller and OR the larger of two.
type Truth uint8

const (
	False Truth = iota
	Unknown
	True
)

// Not is the complement; what is unknown stays unknown.
func (t Truth) Not() Truth { return True - t }

// TruthOf is True or False.
func TruthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}

func (t Truth) String() string {
	return [...]string{"false", "unknown", "true"}[t]
}
