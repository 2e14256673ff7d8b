package source

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	maxAccounts    = 1 << 18
	maxAccountLine = 1 << 16
)

// parseNames reads name and number, the first and third field of the lines of
// passwd(5) and group(5). Of several names of one number the first counts, as
// for the system. Lines that are none are passed over.
func parseNames(r io.Reader) (map[int64]string, error) {
	names := make(map[int64]string)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxAccountLine)
	for lines.Scan() {
		fields := strings.SplitN(lines.Text(), ":", 4)
		if len(fields) < 3 || fields[0] == "" || strings.HasPrefix(fields[0], "#") {
			continue
		}
		id, err := strconv.ParseUint(fields[2], 10, 32)
		if err != nil {
			continue
		}
		if _, ok := names[int64(id)]; ok {
			continue
		}
		if len(names) >= maxAccounts {
			return names, fmt.Errorf("more than %d accounts", maxAccounts)
		}
		names[int64(id)] = fields[0]
	}
	return names, lines.Err()
}
