package regf

import (
	"errors"
	"strings"
	"testing"
)

func TestNewValue(t *testing.T) {
	v, err := NewValue([]byte("R\x00u\x00n\x00\xe9\x00"), SZ, []byte("a\x00\x00\x00"), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := v.Text()
	if v.Name() != "Runé" || v.Type() != SZ || v.Size() != 4 || text != "a" || err != nil {
		t.Errorf("%q %v, %d bytes, %q, %v", v.Name(), v.Type(), v.Size(), text, err)
	}
	refused := errors.New("refused")
	if v, err = NewValue(nil, Type(0xffff0012), nil, refused); err != nil {
		t.Fatal(err)
	}
	data, err := v.Data()
	if v.Name() != "" || v.Type().String() != "0xFFFF0012" || len(data) != 0 || err != refused {
		t.Errorf("%q %v %x %v", v.Name(), v.Type(), data, err)
	}
	if _, err := NewValue([]byte(strings.Repeat("n", 1<<16)), SZ, nil, nil); err == nil {
		t.Error("a name that no value can have")
	}
}
