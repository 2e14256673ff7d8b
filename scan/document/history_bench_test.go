package document

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

const benchVisits = 1_000_000

// manyVisits is a history of a million visits of two hundred thousand pages.
func manyVisits(b *testing.B) string {
	path := filepath.Join(sourcetest.TempDir(b), "History")
	pool, err := sql.Open("sqlite", path)
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	for _, s := range []string{
		`PRAGMA journal_mode=OFF`, chromiumMade[0], chromiumMade[1],
		`WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r LIMIT 200000) INSERT INTO urls
			SELECT n, 'https://www.example-' || (n % 977) || '.com/path/of/some/length/' || n || '?q=' || (n * 7919), 'The title of page ' || n, 5, n % 3, 13350000000000000 + n, 0 FROM r`,
		fmt.Sprintf(`WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r LIMIT %d) INSERT INTO visits SELECT n, 1 + (n * 7919) %% 200000, 13340000000000000 + n * 1000000, n - 1, n %% 9 FROM r`, benchVisits),
	} {
		if _, err := pool.ExecContext(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
	return path
}

// BenchmarkVisits compares with what the same library takes for the same
// columns.
func BenchmarkVisits(b *testing.B) {
	path := manyVisits(b)
	b.Run("select", func(b *testing.B) {
		for b.Loop() {
			pool, err := sql.Open("sqlite", "file:"+path+"?mode=ro&immutable=1")
			if err != nil {
				b.Fatal(err)
			}
			rows, err := pool.Query(`SELECT u.url, u.title, u.typed_count, u.hidden, u.visit_count, u.last_visit_time, v.url, v.visit_time, v.transition FROM visits v LEFT JOIN urls u ON u.id = v.url`)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for rows.Next() {
				var url, title string
				var typed, hidden, count, last, page, at, kind int64
				if err := rows.Scan(&url, &title, &typed, &hidden, &count, &last, &page, &at, &kind); err != nil {
					b.Fatal(err)
				}
				n++
			}
			if err := rows.Close(); err != nil || n != benchVisits {
				b.Fatal(n, err)
			}
			pool.Close()
		}
	})
	given, err := source.FindArtifacts([]string{path})
	if err != nil {
		b.Fatal(err)
	}
	want := make([]bool, len(visitFields))
	for n, f := range visitFields {
		switch f.Term {
		case "UrlHistoryItem/URL", "UrlHistoryItem/HostName", "UrlHistoryItem/PageTitle", "UrlHistoryItem/LastVisitDate", "UrlHistoryItem/VisitCount",
			"UrlHistoryItem/VisitType", "UrlHistoryItem/Typed", "UrlHistoryItem/Hidden":
			want[n] = true
		}
	}
	b.Run("scan", func(b *testing.B) {
		for b.Loop() {
			var n, bytes, peak atomic.Int64
			req := &Request{Source: source.NewMem(source.Unknown, ""), Given: given, Want: want}
			list, err := visits.Run(b.Context(), req, 2, func() Worker { return &visitAsker{want, &n, &bytes, &peak} })
			if err != nil || n.Load() < benchVisits || !list.Complete {
				b.Fatal(n.Load(), err, list)
			}
			b.ReportMetric(float64(peak.Load())/(1<<20), "heap-MB")
		}
	})
}

// visitAsker asks every item for what is wanted.
type visitAsker struct {
	want           []bool
	n, bytes, peak *atomic.Int64
}

func (a *visitAsker) Item(it match.Item) error {
	for f, want := range a.want {
		if want {
			if err := it.Each(f, func(v ioc.Value) bool { a.bytes.Add(int64(len(v.Str))); return true }); err != nil {
				return err
			}
		}
	}
	if n := a.n.Add(1); n%100_000 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		a.peak.Store(max(a.peak.Load(), int64(m.HeapAlloc)))
	}
	return nil
}

func (a *visitAsker) Close() error { return nil }
