package sqlitefile

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// A table of the database, by what its schema says.
type table struct {
	name    string
	columns map[string]string // names as spelled, by name in lower case
	key     bool              // the rows have numbers, under a column of the table
}

const (
	mostTables  = 4096
	mostColumns = 512
)

// readSchema lists the tables that are tables, and their columns that are
// stored. What is neither is as if it were not there.
func (d *DB) readSchema() error {
	d.schema = map[string]*table{}
	for row, err := range d.query(d.ctx, `SELECT name, sql FROM sqlite_master WHERE type = 'table' AND rootpage > 0`, mostTables) {
		if err != nil {
			return fmt.Errorf("read the schema: %w", err)
		}
		name, _ := row.Text(0)
		text, _ := row.Text(1)
		if !strings.HasPrefix(strings.ToUpper(text), "CREATE VIRTUAL") {
			d.schema[strings.ToLower(name)] = &table{name: name, columns: map[string]string{}}
		}
	}
	for _, t := range d.schema {
		keys, number := 0, false
		for row, err := range d.query(d.ctx, `SELECT name, type, pk FROM pragma_table_xinfo(`+text(t.name)+`) WHERE hidden = 0`, mostColumns) {
			if err != nil {
				return fmt.Errorf("read the columns of table %s: %w", t.name, err)
			}
			name, _ := row.Text(0)
			kind, _ := row.Text(1)
			t.columns[strings.ToLower(name)] = name
			if pk, _ := row.Int(2); pk > 0 {
				keys++
				number = strings.EqualFold(kind, "INTEGER")
			}
		}
		t.key = keys == 1 && number && !t.has("rowid")
	}
	return nil
}

func (t *table) has(column string) bool { _, ok := t.columns[strings.ToLower(column)]; return ok }

// Has reports whether the database has a table with all of these columns.
func (d *DB) Has(tableName string, columns ...string) bool {
	t := d.schema[strings.ToLower(tableName)]
	if t == nil {
		return false
	}
	for _, c := range columns {
		if !t.has(c) {
			return false
		}
	}
	return true
}

// A Query asks for the rows of a table, each with those rows of others that it
// points to by their numbers.
type Query struct {
	From string // the table; its columns are written t.column
	// Joins are rows of other tables: each has a letter, the table, and the
	// column that has the row's number. Where no row has it the columns are null.
	Joins []Join
	// Columns are what is asked, written letter.column. Those that the table
	// does not have are null. t.rowid is the number of the row.
	Columns []string
}

// A Join is a row that another points to.
type Join struct{ As, Table, By string }

// Rows are the answers to a query, in the order of the table. A row is valid
// until the next. An error ends them; what came before stands.
func (d *DB) Rows(ctx context.Context, q Query) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		text, err := d.statement(q)
		if err != nil {
			yield(nil, err)
			return
		}
		// A row takes six bytes at least: two that point to it, and a cell of four.
		for row, err := range d.query(ctx, text, d.size/6) {
			if err != nil {
				err = fmt.Errorf("table %s: %w", q.From, err)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// statement is the query in SQL. A plus before a column hides the type that
// the table declares for it, which the library would go by.
func (d *DB) statement(q Query) (string, error) {
	tables := map[string]*table{}
	var from strings.Builder
	add := func(as, name string) error {
		t := d.schema[strings.ToLower(name)]
		if t == nil {
			return fmt.Errorf("no table %s", name)
		}
		tables[as] = t
		from.WriteString(quote(t.name) + " AS " + as)
		if as == "t" {
			from.WriteString(" NOT INDEXED") // an index may say something else than the table
		}
		return nil
	}
	column := func(c string) string {
		as, name, _ := strings.Cut(c, ".")
		switch t := tables[as]; {
		case t == nil:
		case name == "rowid" && t.key:
			return as + ".rowid"
		case t.has(name):
			return as + "." + quote(t.columns[strings.ToLower(name)])
		}
		return "NULL"
	}
	if err := add("t", q.From); err != nil {
		return "", err
	}
	for _, j := range q.Joins {
		by := column(j.By)
		from.WriteString(" LEFT JOIN ")
		if err := add(j.As, j.Table); err != nil {
			return "", err
		}
		if !tables[j.As].key {
			return "", fmt.Errorf("the rows of table %s have no numbers", j.Table)
		}
		from.WriteString(" ON " + j.As + ".rowid = " + by)
	}
	var columns []string
	for _, c := range q.Columns {
		columns = append(columns, "+"+column(c))
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + from.String(), nil
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
func text(s string) string     { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }

// query runs a statement of ours.
func (d *DB) query(ctx context.Context, statement string, most int64) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		var rows driver.Rows
		err := d.guard(func() (err error) {
			rows, err = d.ask.QueryContext(d.ctx, statement, nil)
			return d.why(err)
		})
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = d.guard(rows.Close) }() // what a row could not tell was told with it
		row := &Row{make([]driver.Value, len(rows.Columns()))}
		for n := int64(0); ; n++ {
			if n%256 == 0 && ctx.Err() != nil {
				err = ctx.Err()
			} else if n%256 == 0 && d.ctx.Err() != nil {
				err = plain(d.ctx.Err())
			} else {
				err = d.guard(func() error { return rows.Next(row.values) })
			}
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, d.why(err))
				return
			case n >= most:
				yield(nil, errors.New("more rows than the database has room for: it is damaged"))
				return
			case !yield(row, nil):
				return
			}
		}
	}
}

// why is an error of the library in our words, or what it stands for: that the
// evidence could not be read.
func (d *DB) why(err error) error {
	if err != nil && d.evidence.fault != nil {
		return fmt.Errorf("read the database: %w", d.evidence.fault)
	}
	return plain(err)
}
