package humasess_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// network is the simulated network. Its delays sometimes exceed the grace, so
// responses overtake each other, and cookies are lost.
const (
	simulatedUsers = 150
	slowLegs       = 0.01
	slowest        = 30 * time.Second
	lostResponses  = 0.01
	handlerTime    = 300 * time.Millisecond
	thinkTime      = 4 * time.Minute
)

// browser sends the cookies that its jar has at the start of a request. It keeps the
// cookies of responses in the order of their arrival.
type browser struct {
	t   *testing.T
	mux http.Handler

	mu  sync.Mutex
	rng *rand.Rand
	jar string

	sent, refused, rotated *atomic.Int64
}

func (b *browser) chance(p float64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rng.Float64() < p
}

func (b *browser) between(from, to time.Duration) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return from + time.Duration(b.rng.Int64N(int64(to-from)))
}

// leg is the way to the server or back.
func (b *browser) leg() {
	if b.chance(slowLegs) {
		time.Sleep(b.between(time.Second, slowest))
		return
	}
	time.Sleep(b.between(10*time.Millisecond, 200*time.Millisecond))
}

// signedIn sends a request. If it is refused, its cookie may have been superseded
// meanwhile, so signedIn sends another one. The user is signed out if that is refused
// too.
func (b *browser) signedIn() bool {
	if b.request() {
		return true
	}
	return b.request()
}

func (b *browser) request() bool {
	b.mu.Lock()
	cookie := b.jar
	b.mu.Unlock()
	b.leg()
	r := httptest.NewRequest(http.MethodPost, "https://example.com/work", nil)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: cookie})
	w := httptest.NewRecorder()
	b.mux.ServeHTTP(w, r)
	b.sent.Add(1)
	set := setCookies(w)
	b.rotated.Add(int64(len(set)))
	if w.Code == http.StatusUnauthorized {
		b.refused.Add(1)
		return false
	}
	wantStatus(b.t, w, http.StatusNoContent)
	if b.chance(lostResponses) {
		return true
	}
	b.leg()
	for _, c := range w.Result().Cookies() {
		b.mu.Lock()
		b.jar = c.Value
		b.mu.Unlock()
	}
	return true
}

// work uses the session for a working day, in bursts of parallel requests as
// a page makes them.
func (b *browser) work(until time.Time) (signedOut bool) {
	var out atomic.Bool
	var wg sync.WaitGroup
	for {
		b.mu.Lock()
		pause := min(time.Duration(b.rng.ExpFloat64()*float64(thinkTime)), idle/2)
		burst := 1 + b.rng.IntN(6)
		b.mu.Unlock()
		time.Sleep(pause)
		if time.Until(until) < 2*time.Minute || out.Load() {
			break
		}
		for range burst {
			wg.Go(func() {
				time.Sleep(b.between(0, 50*time.Millisecond))
				if !b.signedIn() {
					out.Store(true)
				}
			})
		}
	}
	wg.Wait()
	return out.Load()
}

// Rotation must not sign out honest users. A server that forgets the former secret at
// once, or some time after the rotation, signs out most users within a day on such a
// network.
func TestRotationSimulation(t *testing.T) {
	t.Run("T9 twelve hours of parallel requests, slow legs and lost responses sign out less than 1 % of users", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o := rotating()
			o.Logger = everything.Logger(slog.LevelDebug)
			mux := http.NewServeMux()
			m, err := humasess.New(memory.New(nil), &o)
			if err != nil {
				t.Fatal(err)
			}
			api := humago.New(mux, huma.DefaultConfig("Test", "1.0.0"))
			if err := m.Attach(api); err != nil {
				t.Fatal(err)
			}
			huma.Post(api, "/work", func(_ context.Context, in *struct{ humasess.Required[account] }) (*struct{}, error) {
				time.Sleep(time.Duration(rand.Int64N(int64(handlerTime))))
				if rand.IntN(4) > 0 {
					return nil, nil
				}
				return nil, in.Session.Update(func(a *account) error { a.N++; return nil })
			})
			until := time.Now().Add(absolute)
			var sent, refused, rotated, signedOut atomic.Int64
			var wg sync.WaitGroup
			for i := range simulatedUsers {
				wg.Go(func() {
					b := &browser{t: t, mux: mux, rng: rand.New(rand.NewPCG(uint64(i), 1)), sent: &sent, refused: &refused, rotated: &rotated}
					b.jar = humasesstest.Login(t, m, account{ID: strconv.Itoa(i)}).Value
					if b.work(until) {
						signedOut.Add(1)
					}
				})
			}
			wg.Wait()
			if err := m.Close(t.Context()); err != nil {
				t.Errorf("Close: %v", err)
			}
			share := 100 * float64(signedOut.Load()) / simulatedUsers
			t.Logf("%d users sent %d requests and got %d cookies; %d requests were refused, and %.1f %% of the users signed out",
				simulatedUsers, sent.Load(), rotated.Load(), refused.Load(), share)
			if share >= 1 {
				t.Errorf("users signed out: got %.1f %%, want less than 1 %%", share)
			}
			if least := int64(simulatedUsers * 12 * 3); rotated.Load() < least {
				t.Errorf("cookies: got %d, want %d at least, or nothing was tested", rotated.Load(), least)
			}
		})
	})
}
