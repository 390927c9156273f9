//go:build unix

package faults_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// ownFaults are the faults of the processes of the API.
func ownFaults(long time.Duration) []fault {
	return []fault{
		{name: "process of the API killed", kills: true, do: func(t *testing.T, r *run) {
			t.Helper()
			for i := range 4 {
				p := r.processes[i%len(r.processes)]
				p.kill(t)
				time.Sleep(long / 8)
				p.start(t)
				time.Sleep(long / 8)
			}
		}},
		{name: "process of the API stopped, with open streams", kills: true, do: func(t *testing.T, r *run) {
			t.Helper()
			p := r.processes[len(r.processes)-1]
			r.stopWithStreams(t, p, func() {}, storeTimeout+2*slack)
			p.start(t)
		}},
	}
}

// stopWithStreams stops a process while streams of signed-in users are open. Before is
// called in between.
func (r *run) stopWithStreams(t *testing.T, p *process, before func(), within time.Duration) {
	t.Helper()
	const streams = 8
	ctx, cancel := context.WithTimeout(context.Background(), clientPatience)
	defer cancel()
	var open, ended sync.WaitGroup
	for i := range streams {
		login := r.sendTo(p, http.MethodPost, fmt.Sprintf("/login?name=stream%d", i), "")
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/stream", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Cookie", cookieName+"="+login.token)
		open.Add(1)
		ended.Go(func() {
			response, err := r.http.Do(request)
			open.Done()
			if err != nil {
				r.violatedf("stream: %v", err)
				return
			}
			_, err = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if err != nil {
				r.violatedf("stream cut off: %v", err)
			}
		})
	}
	open.Wait()
	before()
	closed, stopped, clean := p.stop(t)
	ended.Wait()
	if closed > closeWithin+slack {
		r.violatedf("Manager.Close took %v", closed)
	}
	if !clean || stopped > within {
		r.violatedf("the stop took %v, want %v; clean %t", stopped, within, clean)
	}
}

// silentStop stops a process while its store does not answer.
func silentStop(n *network) fault {
	return fault{name: "process of the API stopped while the store is silent", kills: true, do: func(t *testing.T, r *run) {
		t.Helper()
		p := r.processes[len(r.processes)-1]
		r.stopWithStreams(t, p, func() {
			n.silence(t)
			time.Sleep(sweepEvery + sweepEvery/4) // until a look-up waits for the store
		}, closeWithin+2*storeTimeout+slack)
		n.heal()
		p.start(t)
	}}
}
