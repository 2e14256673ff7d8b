package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"iocscan/report"
	"iocscan/scan"
	"iocscan/scan/document"
)

// A progress shows on a terminal how far a scan is. It stands between the scan
// and the reports, so that its line is gone while one of them writes.
type progress struct {
	mu   sync.Mutex
	bar  *progressbar.ProgressBar
	sink scan.Sink
	seen *document.Progress
	from time.Time
	quit chan struct{}
	done sync.WaitGroup
}

func newProgress(w io.Writer, sink scan.Sink, seen *document.Progress) *progress {
	p := &progress{sink: sink, seen: seen, from: time.Now(), quit: make(chan struct{})}
	// How many objects there will be is not known before they are listed, so
	// this is a spinner with counts and rates.
	p.bar = progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(w), progressbar.OptionSpinnerType(14), progressbar.OptionSetElapsedTime(true),
		progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth())
	p.done.Go(func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-p.quit:
				return
			case <-tick.C:
				p.draw()
			}
		}
	})
	return p
}

func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, bytes := p.seen.Objects(), p.seen.Bytes()
	sec := time.Since(p.from).Seconds()
	p.bar.Describe(fmt.Sprintf("%d objects, %.0f/s, %.1f MB, %.1f MB/s  %s", n, float64(n)/sec,
		float64(bytes)/1e6, float64(bytes)/1e6/sec, shortened(report.Escape(p.seen.Current()), 40)))
	p.bar.Add(1) // a spinner has no end that this could pass
}

// shortened keeps the end of a path, which tells more than its beginning.
func shortened(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return "…" + string(r[len(r)-most+1:])
	}
	return s
}

// quietly lets the reports write on an empty line.
func (p *progress) quietly(say func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bar.Clear()
	return say()
}

func (p *progress) Begin(h *scan.Header) error {
	return p.quietly(func() error { return p.sink.Begin(h) })
}

func (p *progress) Match(m *scan.Match) error {
	return p.quietly(func() error { return p.sink.Match(m) })
}

func (p *progress) Trouble(t *scan.Trouble) error {
	return p.quietly(func() error { return p.sink.Trouble(t) })
}

func (p *progress) End(r *scan.Result) error {
	p.stop()
	return p.quietly(func() error { return p.sink.End(r) })
}

func (p *progress) stop() {
	p.mu.Lock()
	select {
	case <-p.quit:
		p.mu.Unlock()
		return
	default:
		close(p.quit)
	}
	p.mu.Unlock()
	p.done.Wait()
	p.mu.Lock()
	p.bar.Finish()
	p.mu.Unlock()
}

// oneLine keeps an error on one line of the terminal, whatever path is in it.
func oneLine(s string) string { return report.Escape(strings.TrimSpace(s)) }
