package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/gofrs/flock"

	"sada/eval"
)

// Journal is a labels file that answers are appended to. It is never rewritten.
type Journal struct {
	mu   sync.Mutex
	f    *os.File
	lock *flock.Flock
	said []eval.Judgement
	// Torn is how many bytes of an answer that was not written to its end were taken off.
	Torn int
}

// ErrInUse is the error of a labels file that another process appends to.
var ErrInUse = errors.New("another process has the labels file open")

// OpenJournal opens a labels file in JSONL, or makes it, and reads what it holds.
func OpenJournal(path string) (*Journal, error) {
	j := &Journal{lock: flock.New(path)}
	if ok, err := j.lock.TryLock(); err != nil {
		return nil, err
	} else if !ok {
		return nil, fmt.Errorf("%s: %w", path, ErrInUse)
	}
	var err error
	if j.f, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600); err != nil {
		return nil, errors.Join(err, j.lock.Unlock())
	}
	if err := j.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), j.Close())
	}
	return j, nil
}

func (j *Journal) read() error {
	b, err := io.ReadAll(j.f)
	if err != nil {
		return err
	}
	// An answer is said once its line has ended: what a crash left of the last one is not.
	if whole := bytes.LastIndexByte(b, '\n') + 1; whole < len(b) {
		j.Torn = len(b) - whole
		if err := j.f.Truncate(int64(whole)); err != nil {
			return err
		}
		b = b[:whole]
	}
	j.said, _, err = eval.ReadJudgements(bytes.NewReader(b), eval.JSONL, "")
	return err
}

// Append keeps an answer, which may take several rows. When it returns, the answer is on disk.
func (j *Journal) Append(said ...eval.Judgement) error {
	var b bytes.Buffer
	if err := eval.WriteJudgements(&b, said); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.f.Write(b.Bytes()); err != nil {
		return err
	}
	if err := j.f.Sync(); err != nil {
		return err
	}
	j.said = append(j.said, said...)
	return nil
}

// Said returns everything that was said, in its order.
func (j *Journal) Said() []eval.Judgement {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.said[:len(j.said):len(j.said)]
}

// Close lets the file go.
func (j *Journal) Close() error { return errors.Join(j.f.Close(), j.lock.Unlock()) }
