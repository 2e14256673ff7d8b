package document

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"iocscan/scan/source"
)

// resolvedSocket is where systemd-resolved takes questions about itself. It is
// a socket of this machine; nothing goes over the network.
const resolvedSocket = "/run/systemd/resolve/io.systemd.Resolve.Monitor"

// nscdSocket shows that the name service cache daemon runs, which shows nobody
// what it remembers.
const nscdSocket = "/var/run/nscd/socket"

const (
	resolvedPatience = 3 * time.Second
	mostResolved     = 64 << 20 // bytes of an answer
)

var errResolverShut = errors.New("the resolver does not show what it remembers")

// listResolved lists what systemd-resolved remembers. A Linux without it, and
// without nscd, remembers nothing.
func listResolved(ctx context.Context, fs source.FS) iter.Seq2[dnsEntry, error] {
	return func(yield func(dnsEntry, error) bool) {
		if _, err := fs.Lstat(nscdSocket); err == nil {
			if !yield(dnsEntry{}, fmt.Errorf("nscd: %w", errResolverShut)) {
				return
			}
		}
		if _, err := fs.Lstat("/run/systemd/resolve"); missing(err) {
			return
		}
		answer, err := askResolved(ctx)
		if err != nil {
			yield(dnsEntry{}, fmt.Errorf("systemd-resolved: %w", err))
			return
		}
		defer answer.Close()
		for e, err := range resolvedEntries(answer) {
			if !yield(e, err) {
				return
			}
		}
	}
}

// askResolved asks for a dump of the cache in the language of varlink: JSON
// that a NUL ends. The service answers root only.
func askResolved(ctx context.Context) (io.ReadCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, resolvedPatience)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", resolvedSocket)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w: it is older than version 254 or does not run", errResolverShut)
	}
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	if err := errors.Join(c.SetDeadline(deadline), writeAll(c, `{"method":"io.systemd.Resolve.Monitor.DumpCache"}`+"\x00")); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func writeAll(w io.Writer, s string) error {
	_, err := io.WriteString(w, s)
	return err
}

// resolvedDump is the answer, as far as it is used here.
type resolvedDump struct {
	Error      string `json:"error"`
	Parameters struct {
		Dump []struct {
			Cache []struct {
				Key resolvedKey `json:"key"`
				RRs []struct {
					RR struct {
						Key resolvedKey `json:"key"`
						// Address: the bytes as a list of numbers, not as base64.
						Address  []uint16 `json:"address"`
						Name     string   `json:"name"`
						Exchange string   `json:"exchange"`
					} `json:"rr"`
				} `json:"rrs"`
			} `json:"cache"`
		} `json:"dump"`
	} `json:"parameters"`
}

type resolvedKey struct {
	Type int    `json:"type"`
	Name string `json:"name"`
}

func resolvedEntries(answer io.Reader) iter.Seq2[dnsEntry, error] {
	return func(yield func(dnsEntry, error) bool) {
		text, err := bufio.NewReader(io.LimitReader(answer, mostResolved)).ReadBytes(0)
		if err != nil {
			yield(dnsEntry{}, fmt.Errorf("systemd-resolved: answer of %d bytes: %w", len(text), err))
			return
		}
		var dump resolvedDump
		if err := json.Unmarshal(text[:len(text)-1], &dump); err != nil {
			yield(dnsEntry{}, fmt.Errorf("systemd-resolved: %w", err))
			return
		}
		if dump.Error != "" {
			yield(dnsEntry{}, fmt.Errorf("systemd-resolved: %w: it answers %q", errResolverShut, dump.Error))
			return
		}
		for _, scope := range dump.Parameters.Dump {
			for _, c := range scope.Cache {
				bare := dnsEntry{host: c.Key.Name, name: c.Key.Name, kind: recordWord(c.Key.Type), from: fromCache}
				if len(c.RRs) == 0 && !yield(bare, nil) {
					return
				}
				for _, r := range c.RRs {
					e := bare
					e.name, e.kind = r.RR.Key.Name, recordWord(r.RR.Key.Type)
					e.data = strings.TrimSuffix(r.RR.Name+r.RR.Exchange, ".")
					raw := make([]byte, len(r.RR.Address))
					for i, b := range r.RR.Address {
						raw[i] = byte(b)
					}
					e.addr, _ = netip.AddrFromSlice(raw)
					if !yield(e, nil) {
						return
					}
				}
			}
		}
	}
}
