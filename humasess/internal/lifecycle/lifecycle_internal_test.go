package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// steps are the calls that can change a session in a request, by name.
var steps = map[string]func(*State){
	"start":    (*State).Start,
	"change":   func(l *State) { l.Change(false) },
	"move":     func(l *State) { l.Change(true) }, // to another identity
	"retain":   (*State).Retain,
	"renew":    func(l *State) { l.Renew(RotateGrace) },
	"rotate":   func(l *State) { l.Renew(RotateAtOnce) },
	"remember": func(l *State) { l.Remember() },
	"destroy":  (*State).Destroy,
	"vanish":   (*State).Vanish,
	"lose":     (*State).Lose,
	"fail":     func(l *State) { l.Fail() },
	"commit":   func(l *State) { l.Commit(l.Plan()) },
	"close":    func(l *State) { l.Closed = true },
}

// run takes a lifecycle through the steps, separated by spaces. "base" loads
// a session first, and "hide" one whose data do not decode.
func run(t *testing.T, text string) *State {
	t.Helper()
	l := &State{}
	for name := range strings.FieldsSeq(text) {
		switch step := steps[name]; {
		case name == "base":
			l.Load(0)
		case name == "hide":
			l.Hide()
		case name == "others":
			l.Others = true
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
		nothing = Plan{}
		create  = Plan{Create: true, Cookie: CookieSet}
		restart = Plan{Create: true, Replaces: true, AnyVersion: true, Cookie: CookieSet}
		moved   = Plan{Create: true, Replaces: true, Cookie: CookieSet}
		ended   = Plan{Delete: true, Create: true, Cookie: CookieSet}
		update  = Plan{Update: true}
		renewed = Plan{Update: true, Rotate: RotateGrace, Cookie: CookieSet}
		rotated = Plan{Update: true, Rotate: RotateAtOnce, Cookie: CookieSet}
		again   = Plan{Update: true, Cookie: CookieSet}
		destroy = Plan{Delete: true, Cookie: CookieExpire}
		sends   = Plan{Cookie: CookieSet}    // the cookie of an earlier commit
		expires = Plan{Cookie: CookieExpire} // the same
	)
	tests := []struct {
		steps  string
		phase  phase
		active bool
		plan   Plan
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
		{"base lose", phaseNone, false, nothing},
		{"base renew lose", phaseNone, false, nothing},
		{"base move lose", phaseNone, false, nothing},
		{"base renew commit lose", phaseNone, false, nothing}, // the cookie may be that of a newer session

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
		{"others start", phaseStarted, true, Plan{Create: true, EndOthers: true, Cookie: CookieSet}},
		{"others start fail", phaseNone, false, nothing},
		{"others start commit", phaseLoaded, true, sends},
		{"others destroy", phaseNone, false, Plan{EndOthers: true, Cookie: CookieExpire}},
		{"others destroy fail", phaseNone, false, Plan{EndOthers: true, Cookie: CookieExpire}},
		{"others destroy start fail", phaseNone, false, Plan{EndOthers: true, Cookie: CookieExpire}},
		{"others destroy commit", phaseNone, false, expires},
		{"others destroy commit fail", phaseNone, false, expires},

		// After a commit in the middle of the request.
		{"start commit", phaseLoaded, true, sends},
		{"start commit change", phaseChanged, true, Plan{Update: true, Cookie: CookieSet}},
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
			if got := l.Active(); got != tt.active {
				t.Errorf("active: got %v, want %v", got, tt.active)
			}
			if got := l.Plan(); got != tt.plan {
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
			if got := run(t, tt.steps).Fail(); got != tt.undo {
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
func (w *world) carryOut(p Plan) (fault string) {
	switch {
	case p.Create && p.Update:
		return "creates and updates"
	case p.Update && p.Delete:
		return "updates a record that it deletes"
	case p.Update && w.hidden:
		return "overwrites a record that it cannot read"
	case p.Update && w.records == 0:
		return "updates a record that is not there"
	case (p.Delete || p.Replaces) && w.records == 0:
		return "deletes a record that is not there"
	case p.Replaces && (p.Delete || !p.Create):
		return "replaces a record twice, or by none"
	case p.Rotate != RotateNo && !p.Update:
		return "rotates without a write"
	case w.dead && !p.Delete:
		return "forgets Destroy"
	}
	if p.Delete || p.Replaces || p.Create && w.hidden { // a hidden record is deleted or left
		w.records, w.own, w.dead, w.hidden = w.records-1, false, false, false
	}
	if p.Create {
		w.records, w.own = w.records+1, true
	}
	if w.records > 1 {
		return "leaves two records"
	}
	set := p.Create || p.Rotate != RotateNo
	switch {
	case set && p.Cookie != CookieSet:
		return "sends no cookie for a new token"
	case p.Cookie == CookieSet && w.records == 0:
		return "sends a token that opens nothing"
	case p.Cookie == CookieExpire && w.records > 0:
		return "expires the cookie of a live session"
	case p.Delete && !p.Create && p.Cookie != CookieExpire:
		return "keeps the cookie of a destroyed session"
	}
	w.cookie = p.Cookie
	return ""
}

// TestLifecycleWalk takes every sequence of up to five steps, each before an
// answer and before an error, and keeps track of a store beside it.
func TestLifecycleWalk(t *testing.T) {
	names := []string{"start", "change", "move", "renew", "rotate", "remember", "destroy", "vanish", "fail", "commit"}
	walks, faults := 0, 0
	var walk func(l State, w world, path []string)
	check := func(path []string, fault string) bool {
		if fault != "" && faults < 20 {
			faults++
			t.Errorf("%s: %s", strings.Join(path, " "), fault)
		}
		return fault == ""
	}
	walk = func(l State, w world, path []string) {
		walks++
		end, err := l, l
		here, there := w, w
		if !check(path, here.carryOut(end.Plan())) {
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
				p := next.Plan()
				fault = world.carryOut(p)
				next.Commit(p)
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
	walk(State{}, world{}, []string{"nothing:"})
	walk(State{Base: true}, world{records: 1}, []string{"loaded:"})
	walk(State{Base: true, Hidden: true}, world{records: 1, hidden: true}, []string{"hidden:"})
	if want := 3 * (1 + 10 + 100 + 1000 + 10_000 + 100_000); walks != want && faults == 0 {
		t.Errorf("sequences: got %d, want %d", walks, want)
	}
}

// take does a step that writes nothing to the store, but for "vanish", which
// follows a write that has.
func take(name string, l *State, w *world) (fault string) {
	wasActive, onBase := l.Active(), l.OnBase()
	steps[name](l)
	switch name {
	case "destroy":
		w.dead = w.dead || w.records > 0
		if l.Active() {
			return "is active after Destroy"
		}
	case "vanish":
		*w = world{cookie: w.cookie}
	case "start", "change", "move":
		if !l.Active() {
			return "is not active after " + name
		}
	default:
		if l.Active() != wasActive {
			return fmt.Sprintf("is active: %v after %s", l.Active(), name)
		}
		if onBase != l.OnBase() {
			return "changes sessions by " + name
		}
	}
	return ""
}

// refuse executes the plan of a lifecycle for an error response. The sessions that the
// request has created are deleted, those that it has destroyed remain so, and no
// change is written.
func refuse(l *State, w *world) (fault string) {
	undo := l.Fail()
	if undo != w.own {
		return fmt.Sprintf("an error response deletes the created session: got %v, want %v", undo, w.own)
	}
	if undo {
		*w = world{cookie: w.cookie}
	}
	p := l.Plan()
	switch {
	case p.Create || p.Update || p.Rotate != RotateNo:
		return "an error response writes"
	case p.Delete != w.dead:
		return fmt.Sprintf("an error response deletes: got %v, want %v", p.Delete, w.dead)
	}
	copied := *w
	return copied.carryOut(p)
}
