package document

import "testing"

func TestParseArguments(t *testing.T) {
	for in, want := range map[string][2]string{
		"\x02\x00\x00\x00/bin/ls\x00\x00\x00\x00ls\x00-l\x00PATH=/bin\x00": {"/bin/ls", "ls -l"},
		"\x00\x00\x00\x00/sbin/launchd\x00":                                {"/sbin/launchd", ""},
		"\xff\xff\xff\xff/bin/a\x00a":                                      {"/bin/a", "a"},
	} {
		if path, line, err := parseArguments([]byte(in)); path != want[0] || line != want[1] || err != nil {
			t.Errorf("%q: %q, %q, %v", in, path, line, err)
		}
	}
	for _, in := range []string{"", "\x01\x00", "\x01\x00\x00\x00/bin/a"} {
		if _, _, err := parseArguments([]byte(in)); err == nil {
			t.Errorf("%q is read", in)
		}
	}
}
