package spill

import "time"

// holdEvery is how often [Hold] looks. What is only read fills memory no faster than some hundred megabytes in this
// time, and looking as often as a [File] does took a tenth of the time of what it watched.
const holdEvery = 50 * time.Millisecond

// Hold calls release whenever more than limit bytes of files are in the memory of the process, until stop is
// called, or release fails because the system cannot: nothing but memory is lost then.
func Hold(limit int64, release func() error) (stop func()) {
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		look := time.NewTicker(holdEvery)
		defer look.Stop()
		for {
			select {
			case <-ended:
				return
			case <-look.C:
			}
			if Resident() > limit && release() != nil {
				return
			}
		}
	}()
	return func() {
		close(ended)
		<-stopped
	}
}
