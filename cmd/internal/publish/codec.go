package publish

import (
	"sync"

	klauspost "github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// codec is Zstandard with the fastest search for matches, and with literals in fewer bits also where no match is found: a page
// of IDs has none, and half of its bits are for nothing. The zero codec is ready to use.
type codec struct {
	zstd.Codec // reads, and tells what it is
	encoders   sync.Pool
}

// Encode implements [compress.Codec].
func (c *codec) Encode(dst, src []byte) ([]byte, error) {
	e, _ := c.encoders.Get().(*klauspost.Encoder)
	if e == nil {
		var err error
		e, err = klauspost.NewWriter(nil, klauspost.WithEncoderLevel(klauspost.SpeedFastest), klauspost.WithAllLitEntropyCompression(true),
			klauspost.WithWindowSize(pageBytes), klauspost.WithEncoderConcurrency(1), klauspost.WithZeroFrames(true), klauspost.WithEncoderCRC(false))
		if err != nil {
			return nil, err
		}
	}
	defer c.encoders.Put(e)
	return e.EncodeAll(src, dst[:0]), nil
}
