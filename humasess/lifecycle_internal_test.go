package humasess

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// steps are the calls that can change a session in a request, by name.
var steps = map[string]func(*lifecycle){
	"start":    (*lifecycle).start,
	"change":   func(l *lifecycle) { l.change(false) },
	"move":     func(l *lifecycle) { l.change(true) }, // to another identity
	"retain":   (*lifecycle).retain,
	"renew":    func(l *lifecycle) { l.renew(rotateGrace) },
	"rotate":   func(l *lifecycle) { l.renew(rotateAtOnce) },
	"remember": func(l *lifecycle) { l.remember() },
	"destroy":  (*lifecycle).destroy,
	"vanish":   (*lifecycle).vanish,
	"fail":     func(l *lifecycle) { l.fail() },
	"commit":   func(l *lifecycle) { l.commit(l.plan()) },
	"close":    func(l *lifecycle) { l.closed = true },
}

// run takes a lifecycle through the steps, separated by spaces. "base" loads
// a session first, and "hide" one whose data do not decode.
func run(t *testing.T, text string) *lifecycle {
	t.Helper()
	l := &lifecycle{}
	for name := range strings.FieldsSeq(text) {
		switch step := steps[name]; {
		case name == "base":
			l.load()
		case name == "hide":
			l.hide()
		case name == "others":
			l.others = true
		case step == nil:
			t.Fatalf("unknown step %q", name)
		default:
			step(l)
		}
	}
	return l
}

func TestLifecycle(t *testing.T) {
	var (
		nothing = plan{}
		create  = plan{create: true, cookie: cookieSet}
		restart = plan{create: true, replaces: true, anyVersion: true, cookie: cookieSet}
		moved   = plan{create: true, replaces: true, cookie: cookieSet}
		ended   = plan{delete: true, create: true, cookie: cookieSet}
		update  = plan{update: true}
		renewed = plan{update: true, rotate: rotateGrace, cookie: cookieSet}
		rotated = plan{update: true, rotate: rotateAtOnce, cookie: cookieSet}
		again   = plan{update: true, cookie: cookieSet}
		destroy = plan{delete: true, cookie: cookieExpire}
		sends   = plan{cookie: cookieSet}    // the cookie of an earlier commit
		expires = plan{cookie: cookieExpire} // the same
	)
	tests := []struct {
		steps  string
		phase  phase
		active bool
		plan   plan
	}{
		// Without a session in the store.
		{"", phaseNone, false, nothing},
		{"start", phaseStarted, true, create},
		{"start start", phaseStarted, true, create},
		{"change", phaseStarted, true, create}, // an anonymous session
		{"change change", phaseStarted, true, create},
		{"move", phaseStarted, true, create},
		{"start change", phaseStarted, true, create},
		{"start move", phaseStarted, true, create},
		{"start renew", phaseStarted, true, create},
		{"start remember", phaseStarted, true, create},
		{"start destroy", phaseNone, false, nothing},
		{"start vanish", phaseStarted, true, create},
		{"start fail", phaseNone, false, nothing},
		{"destroy", phaseNone, false, nothing},
		{"destroy start", phaseStarted, true, create},
		{"fail", phaseNone, false, nothing},
		{"retain", phaseNone, false, nothing},

		// With one.
		{"base", phaseLoaded, true, nothing},
		{"base change", phaseChanged, true, update},
		{"base change fail", phaseLoaded, true, nothing},
		{"base renew", phaseRenewed, true, renewed},
		{"base renew renew", phaseRenewed, true, renewed},
		{"base change renew", phaseRenewed, true, renewed},
		{"base renew change", phaseRenewed, true, renewed},
		{"base rotate renew", phaseRenewed, true, rotated}, // the stricter wins
		{"base renew rotate", phaseRenewed, true, rotated},
		{"base renew fail", phaseLoaded, true, nothing},
		{"base remember", phaseChanged, true, again},
		{"base remember fail", phaseLoaded, true, nothing},
		{"base remember renew", phaseRenewed, true, renewed},
		{"base move", phaseStarted, true, moved},
		{"base change move", phaseStarted, true, moved},
		{"base renew move", phaseStarted, true, moved},
		{"base move retain", phaseChanged, true, update},
		{"base rotate move retain", phaseRenewed, true, rotated},
		{"base move rotate retain", phaseRenewed, true, rotated},
		{"base move renew", phaseStarted, true, moved},
		{"base move remember retain", phaseChanged, true, again},
		{"base move rotate fail", phaseLoaded, true, nothing},
		{"base move rotate start", phaseStarted, true, restart},
		{"base move fail", phaseLoaded, true, nothing},
		{"base move destroy", phaseDestroyed, false, destroy},
		{"base move start", phaseStarted, true, restart},
		{"base start", phaseStarted, true, restart},
		{"base change start", phaseStarted, true, restart},
		{"base start fail", phaseLoaded, true, nothing},
		{"base start retain", phaseStarted, true, restart},
		{"base start destroy", phaseDestroyed, false, destroy},
		{"base destroy", phaseDestroyed, false, destroy},
		{"base destroy destroy", phaseDestroyed, false, destroy},
		{"base destroy fail", phaseDestroyed, false, destroy}, // no error takes it back
		{"base destroy renew fail", phaseDestroyed, false, destroy},
		{"base destroy start", phaseStarted, true, ended},
		{"base destroy change", phaseStarted, true, ended}, // a new, anonymous one
		{"base destroy start fail", phaseDestroyed, false, destroy},
		{"base vanish", phaseNone, false, expires},
		{"base vanish fail", phaseNone, false, expires},
		{"base vanish start", phaseStarted, true, create},
		{"base start vanish", phaseStarted, true, create},
		{"base move vanish", phaseNone, false, expires},

		// With one that is hidden: it can be ended, and nothing else.
		{"hide", phaseNone, false, nothing},
		{"hide renew", phaseNone, false, nothing},
		{"hide fail", phaseNone, false, nothing},
		{"hide start", phaseStarted, true, restart},
		{"hide start fail", phaseNone, false, nothing},
		{"hide change", phaseStarted, true, create}, // a rollback heals the old one
		{"hide move", phaseStarted, true, create},
		{"hide change fail", phaseNone, false, nothing},
		{"hide change start", phaseStarted, true, restart},
		{"hide change destroy", phaseDestroyed, false, destroy},
		{"hide change commit", phaseLoaded, true, sends},
		{"hide change commit destroy", phaseDestroyed, false, destroy},
		{"hide destroy", phaseDestroyed, false, destroy},
		{"hide destroy change", phaseStarted, true, ended},
		{"hide destroy fail", phaseDestroyed, false, destroy},

		// With several live ones, of which none wins.
		{"others", phaseNone, false, nothing},
		{"others start", phaseStarted, true, plan{create: true, endOthers: true, cookie: cookieSet}},
		{"others start fail", phaseNone, false, nothing},
		{"others start commit", phaseLoaded, true, sends},
		{"others destroy", phaseNone, false, plan{endOthers: true, cookie: cookieExpire}},
		{"others destroy fail", phaseNone, false, plan{endOthers: true, cookie: cookieExpire}},
		{"others destroy start fail", phaseNone, false, plan{endOthers: true, cookie: cookieExpire}},
		{"others destroy commit", phaseNone, false, expires},
		{"others destroy commit fail", phaseNone, false, expires},

		// After a commit in the middle of the request.
		{"start commit", phaseLoaded, true, sends},
		{"start commit change", phaseChanged, true, plan{update: true, cookie: cookieSet}},
		{"start commit destroy", phaseDestroyed, false, destroy},
		{"start commit destroy commit", phaseNone, false, expires},
		{"start commit start", phaseStarted, true, restart},
		{"start commit fail", phaseNone, false, nothing},
		{"start commit change commit fail", phaseNone, false, nothing},
		{"start commit vanish", phaseNone, false, expires},
		{"base start commit fail", phaseNone, false, nothing},
		{"base change commit", phaseLoaded, true, nothing},
		{"base change commit fail", phaseLoaded, true, nothing},
		{"base renew commit", phaseLoaded, true, sends},
		{"base renew commit fail", phaseLoaded, true, sends}, // it is in the store: without it the client is out
		{"base renew commit destroy", phaseDestroyed, false, destroy},
		{"base destroy commit", phaseNone, false, expires},
		{"base destroy commit fail", phaseNone, false, expires},
		{"base destroy commit start", phaseStarted, true, create},
		{"base destroy commit start fail", phaseNone, false, expires},

		{"base change commit close", phaseCommitted, true, nothing},
		{"close", phaseCommitted, false, nothing},
	}
	for _, tt := range tests {
		t.Run(tt.steps, func(t *testing.T) {
			l := run(t, tt.steps)
			if got := l.phase(); got != tt.phase {
				t.Errorf("phase: got %q, want %q", got, tt.phase)
			}
			if got := l.active(); got != tt.active {
				t.Errorf("active: got %v, want %v", got, tt.active)
			}
			if got := l.plan(); got != tt.plan {
				t.Errorf("plan: got %+v, want %+v", got, tt.plan)
			}
		})
	}
}

func TestLifecycleUndo(t *testing.T) {
	tests := []struct {
		steps string
		undo  bool
	}{
		{"", false},
		{"start", false},
		{"start commit", true},
		{"start commit change", true},
		{"start commit change commit", true},
		{"start commit destroy", true},
		{"start commit destroy commit", false},
		{"start commit vanish", false},
		{"start commit start commit", true},
		{"start commit fail", false}, // done already
		{"base", false},
		{"base change commit", false},
		{"base renew commit", false},
		{"base start commit", true},
		{"base move commit", true},
	}
	for _, tt := range tests {
		t.Run(tt.steps, func(t *testing.T) {
			if got := run(t, tt.steps).fail(); got != tt.undo {
				t.Errorf("a record to delete: got %v, want %v", got, tt.undo)
			}
		})
	}
}

// world is the state of a store and a browser after a lifecycle's plans.
type world struct {
	records int  // in the store, of this request
	own     bool // the one there was created by this request
	dead    bool // Destroy was called on the base and has not been carried out
	hidden  bool // the one there was cannot be read
	cookie  cookieAction
}

// carryOut executes a plan, and reports a plan that must never occur.
func (w *world) carryOut(p plan) (fault string) {
	switch {
	case p.create && p.update:
		return "creates and updates"
	case p.update && p.delete:
		return "updates a record that it deletes"
	case p.update && w.hidden:
		return "overwrites a record that it cannot read"
	case p.update && w.records == 0:
		return "updates a record that is not there"
	case (p.delete || p.replaces) && w.records == 0:
		return "deletes a record that is not there"
	case p.replaces && (p.delete || !p.create):
		return "replaces a record twice, or by none"
	case p.rotate != rotateNo && !p.update:
		return "rotates without a write"
	case w.dead && !p.delete:
		return "forgets Destroy"
	}
	if p.delete || p.replaces || p.create && w.hidden { // a hidden record is deleted or left
		w.records, w.own, w.dead, w.hidden = w.records-1, false, false, false
	}
	if p.create {
		w.records, w.own = w.records+1, true
	}
	if w.records > 1 {
		return "leaves two records"
	}
	set := p.create || p.rotate != rotateNo
	switch {
	case set && p.cookie != cookieSet:
		return "sends no cookie for a new token"
	case p.cookie == cookieSet && w.records == 0:
		return "sends a token that opens nothing"
	case p.cookie == cookieExpire && w.records > 0:
		return "expires the cookie of a live session"
	case p.delete && !p.create && p.cookie != cookieExpire:
		return "keeps the cookie of a destroyed session"
	}
	w.cookie = p.cookie
	return ""
}

// TestLifecycleWalk takes every sequence of up to five steps, each before an
// answer and before an error, and keeps track of a store beside it.
func TestLifecycleWalk(t *testing.T) {
	names := []string{"start", "change", "move", "renew", "rotate", "remember", "destroy", "vanish", "fail", "commit"}
	walks, faults := 0, 0
	var walk func(l lifecycle, w world, path []string)
	check := func(path []string, fault string) bool {
		if fault != "" && faults < 20 {
			faults++
			t.Errorf("%s: %s", strings.Join(path, " "), fault)
		}
		return fault == ""
	}
	walk = func(l lifecycle, w world, path []string) {
		walks++
		end, err := l, l
		here, there := w, w
		if !check(path, here.carryOut(end.plan())) {
			return
		}
		check(append(path, "fail"), refuse(&err, &there))
		if len(path) == 6 {
			return
		}
		for _, name := range names {
			next, world := l, w
			var fault string
			switch name {
			case "commit":
				p := next.plan()
				fault = world.carryOut(p)
				next.commit(p)
			case "fail":
				fault = refuse(&next, &world)
			default:
				fault = take(name, &next, &world)
			}
			if step := append(slices.Clone(path), name); check(step, fault) {
				walk(next, world, step)
			}
		}
	}
	walk(lifecycle{}, world{}, []string{"nothing:"})
	walk(lifecycle{base: true}, world{records: 1}, []string{"loaded:"})
	walk(lifecycle{base: true, hidden: true}, world{records: 1, hidden: true}, []string{"hidden:"})
	if want := 3 * (1 + 10 + 100 + 1000 + 10_000 + 100_000); walks != want && faults == 0 {
		t.Errorf("sequences: got %d, want %d", walks, want)
	}
}

// take does a step that writes nothing to the store, but for "vanish", which
// follows a write that has.
func take(name string, l *lifecycle, w *world) (fault string) {
	wasActive, onBase := l.active(), l.onBase()
	steps[name](l)
	switch name {
	case "destroy":
		w.dead = w.dead || w.records > 0
		if l.active() {
			return "is active after Destroy"
		}
	case "vanish":
		*w = world{cookie: w.cookie}
	case "start", "change", "move":
		if !l.active() {
			return "is not active after " + name
		}
	default:
		if l.active() != wasActive {
			return fmt.Sprintf("is active: %v after %s", l.active(), name)
		}
		if onBase != l.onBase() {
			return "changes sessions by " + name
		}
	}
	return ""
}

// refuse executes the plan of a lifecycle for an error response. The sessions that the
// request has created are deleted, those that it has destroyed remain so, and no
// change is written.
func refuse(l *lifecycle, w *world) (fault string) {
	undo := l.fail()
	if undo != w.own {
		return fmt.Sprintf("an error response deletes the created session: got %v, want %v", undo, w.own)
	}
	if undo {
		*w = world{cookie: w.cookie}
	}
	p := l.plan()
	switch {
	case p.create || p.update || p.rotate != rotateNo:
		return "an error response writes"
	case p.delete != w.dead:
		return fmt.Sprintf("an error response deletes: got %v, want %v", p.delete, w.dead)
	}
	copied := *w
	return copied.carryOut(p)
}
