package feed

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// PostgresOptions are those of [NewPostgres].
type PostgresOptions struct {
	Access
	// Table is the name of the table, with its schema if it is not in the search path.
	Table string
	// Match is the column whose value is the page's ID.
	Match   string
	Timeout time.Duration // of connecting
}

// Postgres is a table of PostgreSQL. One that does not exist is made, with a row for every page; of one
// that exists, the rows it has are updated.
type Postgres struct {
	o     PostgresOptions
	conf  *pgx.ConnConfig
	conn  *pgx.Conn
	table string // quoted
	match string // quoted
	key   string // the type of the match column
	own   bool   // made by us: rows are added and deleted
}

// ownComment marks a table that was made by a feed.
const ownComment = "made by sada feed: a row for every page"

// columns are the types of the fields.
var columns = map[string]string{
	"story_id": "text", "copy_group_id": "text", "copy_role": "text", "story_headline": "text", "story_aliases": "text[]", "copy_group_aliases": "text[]", numberField: "bigint",
}

// NewPostgres makes the engine; it does not connect yet.
func NewPostgres(o PostgresOptions) (*Postgres, error) {
	u, err := o.address("postgres", "postgresql")
	if err != nil {
		return nil, err
	}
	if o.Table == "" || o.Match == "" {
		return nil, fmt.Errorf("%w: a table and a column must be named", ErrTarget)
	}
	query := u.Query()
	plain := query.Get("sslmode") == "disable"
	query.Del("sslmode")
	u.RawQuery = query.Encode()
	conf, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTarget, o.Secret.veil(err))
	}
	conf.TLSConfig, conf.Fallbacks = nil, nil
	if socket := strings.HasPrefix(conf.Host, "/"); !socket && !(plain && loopback(conf.Host)) {
		if plain {
			return nil, fmt.Errorf("%w: %s: only this machine is reached without TLS", ErrTarget, conf.Host)
		}
		if conf.TLSConfig, err = o.tls(); err != nil {
			return nil, err
		}
		conf.TLSConfig.ServerName = conf.Host
	}
	if o.User != "" {
		conf.User = o.User
	}
	if o.Secret.value != "" {
		conf.Password = o.Secret.value
	}
	conf.ConnectTimeout = o.Timeout
	return &Postgres{o: o, conf: conf, table: pgx.Identifier(strings.Split(o.Table, ".")).Sanitize(), match: pgx.Identifier{o.Match}.Sanitize()}, nil
}

// Name is that of [Engine].
func (p *Postgres) Name() string {
	at := net.JoinHostPort(p.conf.Host, fmt.Sprint(p.conf.Port))
	return fmt.Sprintf("postgres %s/%s %s by %s", at, p.conf.Database, p.o.Table, p.o.Match)
}

// Close is that of [Engine].
func (p *Postgres) Close() error {
	if p.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return p.conn.Close(ctx)
}

// Prepare is that of [Engine]. The identity is made of the object IDs of the database and the table.
func (p *Postgres) Prepare(ctx context.Context, readOnly bool) (Target, error) {
	t, err := p.prepare(ctx, readOnly)
	return t, p.o.Secret.veil(err)
}

func (p *Postgres) prepare(ctx context.Context, readOnly bool) (Target, error) {
	var t Target
	var err error
	if p.conn == nil || p.conn.IsClosed() {
		if p.conn, err = pgx.ConnectConfig(ctx, p.conf); err != nil {
			return t, err
		}
	}
	const look = `select c.oid::bigint, coalesce(obj_description(c.oid, 'pg_class'), '') from pg_class c where c.oid = to_regclass($1)`
	var oid int64
	var comment string
	err = p.conn.QueryRow(ctx, look, p.table).Scan(&oid, &comment)
	if errors.Is(err, pgx.ErrNoRows) {
		if readOnly {
			return t, fmt.Errorf("%w: there is no table %s", ErrTarget, p.table)
		}
		err = p.create(ctx)
		if err == nil {
			err = p.conn.QueryRow(ctx, look, p.table).Scan(&oid, &comment)
		}
	}
	if err != nil {
		return t, fmt.Errorf("table %s: %w", p.table, err)
	}
	p.own = comment == ownComment
	has := make(map[string]string)
	rows, _ := p.conn.Query(ctx, `select attname, format_type(atttypid, null) from pg_attribute where attrelid = $1::bigint::oid and attnum > 0 and not attisdropped`, oid) // its error is that of the rows
	var name, kind string
	if _, err := pgx.ForEachRow(rows, []any{&name, &kind}, func() error { has[name] = kind; return nil }); err != nil {
		return t, fmt.Errorf("columns of %s: %w", p.table, err)
	}
	if p.key = has[p.o.Match]; p.key == "" {
		return t, fmt.Errorf("%w: table %s has no column %s", ErrTarget, p.table, p.match)
	}
	for _, name := range append(fieldNames, numberField) {
		switch kind := has[name]; {
		case kind == columns[name]:
		case kind != "":
			return t, fmt.Errorf("%w: column %s of %s has type %s, it must be %s", ErrTarget, name, p.table, kind, columns[name])
		case readOnly:
			return t, fmt.Errorf("%w: table %s has no column %s: nothing was fed to it", ErrTarget, p.table, name)
		default:
			if _, err := p.conn.Exec(ctx, fmt.Sprintf("alter table %s add column %s %s", p.table, name, columns[name])); err != nil {
				return t, fmt.Errorf("add column %s to %s: %w", name, p.table, err)
			}
		}
	}
	var database int64
	if err := p.conn.QueryRow(ctx, fmt.Sprintf(`select coalesce(max(%s), 0), (select oid::bigint from pg_database where datname = current_database()) from %s`, numberField, p.table)).Scan(&t.Number, &database); err != nil {
		return t, fmt.Errorf("the highest %s of %s: %w", numberField, p.table, err)
	}
	t.Identity = fmt.Sprintf("%d %d", database, oid)
	return t, nil
}

func (p *Postgres) create(ctx context.Context) error {
	var b strings.Builder
	fmt.Fprintf(&b, "create table %s (%s text primary key", p.table, p.match)
	for _, name := range append(fieldNames, numberField) {
		fmt.Fprintf(&b, ", %s %s", name, columns[name])
	}
	fmt.Fprintf(&b, "); create index on %s (story_id); comment on table %s is '%s'", p.table, p.table, ownComment)
	_, err := p.conn.Exec(ctx, b.String())
	return err
}

// staged are the columns of the staging table.
var staged = append([]string{"id", "clear"}, fieldNames...)

// Feed is that of [Engine]: all changes in one transaction, copied into a staging table and merged from
// there. If it returns an error, nothing was changed. PostgreSQL holds the data, not this process.
func (p *Postgres) Feed(ctx context.Context, number int64, _ int, changes iter.Seq[Change], done func(Change, Outcome)) error {
	return p.o.Secret.veil(p.feed(ctx, number, changes, done))
}

func (p *Postgres) feed(ctx context.Context, number int64, changes iter.Seq[Change], done func(Change, Outcome)) error {
	tx, err := p.conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after the commit it does nothing

	// Two feeds at a time would each miss what the other has written.
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('sada feed ' || $1, 0))", p.table); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `create temp table sada_feed (id text primary key, clear boolean not null, story_id text, copy_group_id text, copy_role text,
		story_headline text, story_aliases text[], copy_group_aliases text[]) on commit drop`); err != nil {
		return err
	}
	// PostgreSQL has no NUL in a text. Such a headline, which a page of binary junk may have, is refused alone.
	refused := make(map[string]bool)
	next, stop := iter.Pull(changes)
	defer stop()
	source := pgx.CopyFromFunc(func() ([]any, error) {
		for {
			c, ok := next()
			if !ok {
				return nil, nil
			}
			f := c.Fields
			if f == nil {
				return []any{c.ID, true, nil, nil, nil, nil, nil, nil}, nil
			}
			if strings.ContainsRune(f.StoryHeadline, 0) {
				refused[c.ID] = true
				continue
			}
			return []any{c.ID, false, f.StoryID, f.CopyGroupID, f.CopyRole, f.StoryHeadline, f.StoryAliases, f.CopyGroupAliases}, nil
		}
	})
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"sada_feed"}, staged, source); err != nil {
		return fmt.Errorf("copy to the staging table: %w", err)
	}
	if _, err := tx.Exec(ctx, "analyze sada_feed"); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, p.merge(), number); err != nil {
		return fmt.Errorf("merge into %s: %w", p.table, detail(err))
	}
	type left struct {
		missing, superseded bool
	}
	not := make(map[string]left)
	rows, _ := tx.Query(ctx, fmt.Sprintf(`select s.id, bool_and(t.%[2]s is null), bool_or(t.%[3]s > $1) from sada_feed s left join %[1]s t on t.%[2]s = s.id::%[4]s
		group by s.id having bool_and(t.%[2]s is null) or bool_or(t.%[3]s > $1)`, p.table, p.match, numberField, p.key), number) // its error is that of the rows
	var id string
	var missing bool
	var superseded *bool
	if _, err := pgx.ForEachRow(rows, []any{&id, &missing, &superseded}, func() error {
		not[id] = left{missing, superseded != nil && *superseded}
		return nil
	}); err != nil {
		return fmt.Errorf("compare with the staging table: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for c := range changes {
		switch l := not[c.ID]; {
		case refused[c.ID]:
			done(c, Outcome{Status: Refused, Reason: "the headline has a NUL, which PostgreSQL cannot store"})
		case l.superseded:
			done(c, Outcome{Status: Superseded, Reason: "a feed with a greater number has written it"})
		case l.missing:
			done(c, Outcome{Status: Missing, Reason: "no row has it in " + p.o.Match})
		default:
			done(c, Outcome{Status: Written})
		}
	}
	return nil
}

// merge is the statement that brings the staged changes to the table. What is cleared in a table of others
// keeps the number, so that no late feed sets it again.
func (p *Postgres) merge() string {
	set := make([]string, len(fieldNames))
	clear := make([]string, len(fieldNames))
	from := make([]string, len(fieldNames))
	for i, name := range fieldNames {
		set[i], clear[i], from[i] = name+" = s."+name, name+" = null", "s."+name
	}
	var b strings.Builder
	fmt.Fprintf(&b, "merge into %s t using sada_feed s on t.%s = s.id::%s", p.table, p.match, p.key)
	fmt.Fprintf(&b, " when matched and t.%s > $1 then do nothing", numberField)
	if p.own {
		b.WriteString(" when matched and s.clear then delete")
	} else {
		fmt.Fprintf(&b, " when matched and s.clear then update set %s, %s = $1", strings.Join(clear, ", "), numberField)
	}
	fmt.Fprintf(&b, " when matched then update set %s, %s = $1", strings.Join(set, ", "), numberField)
	if p.own {
		fmt.Fprintf(&b, " when not matched and not s.clear then insert (%s, %s, %s) values (s.id::%s, %s, $1)", p.match, strings.Join(fieldNames, ", "), numberField, p.key, strings.Join(from, ", "))
	}
	return b.String()
}

// detail adds to an error of the server what it says of its cause.
func detail(err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Detail != "" {
		return fmt.Errorf("%w: %s", err, e.Detail)
	}
	return err
}

// Read is that of [Engine].
func (p *Postgres) Read(ctx context.Context, ids []string) (map[string][]Fields, error) {
	rows, _ := p.conn.Query(ctx, fmt.Sprintf("select %[1]s::text, %[2]s from %[3]s where %[1]s = any($1::text[]::%[4]s[]) and story_id is not null", p.match, strings.Join(fieldNames, ", "), p.table, p.key), ids) // its error is that of the rows
	out := make(map[string][]Fields)
	var id string
	var f Fields
	_, err := pgx.ForEachRow(rows, []any{&id, &f.StoryID, &f.CopyGroupID, &f.CopyRole, &f.StoryHeadline, &f.StoryAliases, &f.CopyGroupAliases}, func() error {
		out[id] = append(out[id], f)
		f = Fields{}
		return nil
	})
	if err != nil {
		return nil, p.o.Secret.veil(fmt.Errorf("read %d rows of %s: %w", len(ids), p.table, err))
	}
	return out, nil
}

// Fed is that of [Engine].
func (p *Postgres) Fed(ctx context.Context) (int64, error) {
	var n int64
	err := p.conn.QueryRow(ctx, fmt.Sprintf("select count(*) from %s where story_id is not null", p.table)).Scan(&n)
	return n, p.o.Secret.veil(err)
}
