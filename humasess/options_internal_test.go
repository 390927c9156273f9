package humasess

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/stores/memory"
)

type person struct {
	Name string `json:"name"`
}

const day = 24 * time.Hour

func TestOptionsRefused(t *testing.T) {
	check := func(huma.Context, []string) (person, error) { return person{}, nil }
	tests := []struct {
		name string
		o    Options[person]
		want string // in the text
	}{
		{"cookie", Options[person]{Cookie: CookieOptions{Name: "a b"}}, "cookie name"},
		{"C2 cookie prefix", Options[person]{Cookie: CookieOptions{Name: "__Host-id", Domain: "example.com"}}, "__Host-id"},
		{"L1 idle timeout", Options[person]{IdleTimeout: time.Second - 1}, "IdleTimeout"},
		{"L1 negative idle timeout", Options[person]{IdleTimeout: -1}, "IdleTimeout"},
		{"L2 absolute timeout", Options[person]{IdleTimeout: time.Hour, AbsoluteTimeout: time.Minute}, "AbsoluteTimeout"},
		{"L2 absolute timeout below the default idle", Options[person]{AbsoluteTimeout: time.Minute}, "AbsoluteTimeout"},
		{"L2 idle timeout above the default absolute", Options[person]{IdleTimeout: 13 * time.Hour}, "AbsoluteTimeout"},
		{"L3 negative is not unlimited", Options[person]{AbsoluteTimeout: -1}, "AbsoluteTimeout"},
		{"L3 no absolute timeout to speak of", Options[person]{AbsoluteTimeout: 401 * day}, "400 days"},
		{"L3 for ever", Options[person]{IdleTimeout: 1<<63 - 1, AbsoluteTimeout: 1<<63 - 1}, "400 days"},
		{"remember idle timeout", Options[person]{RememberIdleTimeout: -1}, "RememberIdleTimeout"},
		{"remember absolute timeout", Options[person]{RememberAbsoluteTimeout: day}, "RememberAbsoluteTimeout"},
		{"L3 AAL1 for 31 days", Options[person]{AssuranceLevel: 1, AbsoluteTimeout: 30*day + 1}, "AAL1"},
		{"L3 AAL2 idle", Options[person]{AssuranceLevel: 2, IdleTimeout: time.Hour + 1}, "AAL2"},
		{"L3 AAL2 overall", Options[person]{AssuranceLevel: 2, AbsoluteTimeout: day + 1}, "AAL2"},
		{"L3 AAL3 idle", Options[person]{AssuranceLevel: 3, IdleTimeout: 15*time.Minute + 1}, "AAL3"},
		{"L3 AAL3 overall", Options[person]{AssuranceLevel: 3, AbsoluteTimeout: 12*time.Hour + 1}, "AAL3"},
		{"L3 AAL3 remembered for longer", Options[person]{AssuranceLevel: 3, RememberAbsoluteTimeout: 13 * time.Hour}, "AAL3"},
		{"L3 AAL2 remembered while idle for longer", Options[person]{AssuranceLevel: 2, RememberIdleTimeout: 2 * time.Hour}, "AAL2"},
		{"L3 AAL4", Options[person]{AssuranceLevel: 4}, "AssuranceLevel"},
		{"L3 AAL -1", Options[person]{AssuranceLevel: -1}, "AssuranceLevel"},
		{"H3 unknown kind of site data", Options[person]{ClearSiteData: []string{"cache", "*"}}, "ClearSiteData"},
		{"T9 rotation within the grace", Options[person]{RotateEvery: 10 * time.Second}, "RotateEvery"},
		{"T9 negative rotation", Options[person]{RotateEvery: -1}, "RotateEvery"},
		{"C10 remember absolute timeout", Options[person]{RememberAbsoluteTimeout: 400*day + 1}, "400 days"},
		{"T9 rotation grace", Options[person]{RotationGrace: time.Hour + 1}, "RotationGrace"},
		{"negative interval of Done", Options[person]{DoneInterval: -1}, "DoneInterval"},
		{"short interval of Done", Options[person]{DoneInterval: 100*time.Millisecond - 1}, "DoneInterval"},
		{"short time for the store", Options[person]{StoreTimeout: time.Millisecond - 1}, "StoreTimeout"},
		{"C5 SameSite without a meaning", Options[person]{Cookie: CookieOptions{SameSite: 99}}, "SameSite mode 99"},
		{"C5 negative SameSite", Options[person]{Cookie: CookieOptions{SameSite: -1}}, "SameSite mode -1"},
		{"R6 limit", Options[person]{MaxPerIdentity: -2}, "MaxPerIdentity"},
		{"R6 limit of no identity", Options[person]{MaxPerIdentity: 5}, "Identity"},
		{"R6 over the limit of no identity", Options[person]{RefuseOverLimit: true}, "Identity"},
		{"T9 rotation after the end", Options[person]{RotateEvery: 30 * day}, "RotateEvery"},
		{"R6 over no limit", Options[person]{RefuseOverLimit: true, MaxPerIdentity: -1}, "RefuseOverLimit"},
		{"F4 trusted origin", Options[person]{TrustedOrigins: []string{"https://a.example", "b.example"}}, "b.example"},
		{"F4 trusted subdomains", Options[person]{TrustedOrigins: []string{"https://*.example.com"}}, "trust by a function"},
		{"F4 trusted origin with its default port", Options[person]{TrustedOrigins: []string{"https://a.example:443"}}, `browsers send "https://a.example"`},
		{"F4 trusted origin with path", Options[person]{TrustedOrigins: []string{"https://a.example/"}}, "https://a.example/"},
		{"F4 trusted origin without pages", Options[person]{TrustedOrigins: []string{"ftp://a.example"}}, "scheme ftp"},
		{"anonymous sessions without identities", Options[person]{AnonymousSuffices: true}, "set Identity"},
		{"O5 no roles to leave out", Options[person]{OmitRoles: true}, "set Roles"},
		{"scheme name", Options[person]{SchemeName: "session cookie"}, "session cookie"},
		{"scheme name with slash", Options[person]{SchemeName: "a/b"}, "a/b"},
		{"codec without Unmarshal", Options[person]{Codec: Codec{Marshal: json.Marshal}}, "Codec"},
		{"codec without Marshal", Options[person]{Codec: Codec{Unmarshal: json.Unmarshal}}, "Codec"},
		{"nil check", Options[person]{Schemes: map[string]func(huma.Context, []string) (person, error){"bearer": nil}}, "bearer"},
		{"check of its own scheme", Options[person]{Schemes: map[string]func(huma.Context, []string) (person, error){"sessionCookie": check}}, "sessionCookie"},
		{"scheme name of bearer tokens", Options[person]{Bearer: &BearerOptions{SchemeName: "session token"}}, `Bearer: SchemeName "session token"`},
		{"scheme name of both carriers", Options[person]{SchemeName: "mine", Bearer: &BearerOptions{SchemeName: "mine"}}, "is that of the cookie"},
		{"prefix of one letter", Options[person]{Bearer: &BearerOptions{Prefix: "x"}}, `Bearer: Prefix "x"`},
		{"prefix of 33 letters", Options[person]{Bearer: &BearerOptions{Prefix: strings.Repeat("x", 33)}}, "Bearer: Prefix"},
		{"prefix that ends a header", Options[person]{Bearer: &BearerOptions{Prefix: "hs_\r\n"}}, "Bearer: Prefix"},
		{"L1 idle timeout of bearer tokens", Options[person]{Bearer: &BearerOptions{IdleTimeout: time.Second - 1}}, "Bearer: IdleTimeout"},
		{"L3 negative is not unlimited for bearer tokens", Options[person]{Bearer: &BearerOptions{AbsoluteTimeout: -1}}, "Bearer: AbsoluteTimeout"},
		{"L2 absolute timeout of bearer tokens below the default idle", Options[person]{Bearer: &BearerOptions{AbsoluteTimeout: day}}, "Bearer: AbsoluteTimeout"},
		{"L3 no absolute timeout of bearer tokens to speak of", Options[person]{Bearer: &BearerOptions{AbsoluteTimeout: 401 * day}}, "400 days"},
		{"L3 AAL1 bearer tokens for 31 days", Options[person]{AssuranceLevel: 1, Bearer: &BearerOptions{AbsoluteTimeout: 30*day + 1}}, "AAL1"},
		{"L3 AAL2 bearer tokens idle", Options[person]{AssuranceLevel: 2, Bearer: &BearerOptions{IdleTimeout: time.Hour + 1}}, "AAL2"},
		{"L3 AAL3 bearer tokens overall", Options[person]{AssuranceLevel: 3, Bearer: &BearerOptions{AbsoluteTimeout: 12*time.Hour + 1}}, "AAL3"},
		{"check of its own bearer tokens", Options[person]{
			Bearer: &BearerOptions{}, Schemes: map[string]func(huma.Context, []string) (person, error){"sessionBearer": check},
		}, "sessionBearer"},
		{"codec that fails", Options[person]{Codec: Codec{
			Marshal:   func(any) ([]byte, error) { return nil, errors.New("no bytes today") },
			Unmarshal: json.Unmarshal,
		}}, "no bytes today"},
		{"codec that cannot decode its own output", Options[person]{Codec: Codec{
			Marshal:   json.Marshal,
			Unmarshal: func([]byte, any) error { return errors.New("unknown format here") },
		}}, "unknown format here"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := New(memory.New(nil), &tt.o)
			if err == nil || m != nil {
				t.Fatalf("got a manager and error %v, want an error", err)
			}
			if !strings.HasPrefix(err.Error(), "humasess: invalid options: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error text: got %q, want %q in it", err, tt.want)
			}
		})
	}
	t.Run("type that does not encode", func(t *testing.T) {
		_, err := New(memory.New(nil), &Options[struct{ C chan int }]{})
		if err == nil || !strings.Contains(err.Error(), "chan int") {
			t.Errorf("error: got %v, want one that names the type", err)
		}
	})
	t.Run("nil store", func(t *testing.T) {
		if _, err := New[person](nil, nil); err == nil {
			t.Error("error: got nil, want one")
		}
	})
}

func TestCSRFHeadersRefused(t *testing.T) {
	for _, name := range []string{
		"a b", "X-CSRF:", "Cookie", "ORIGIN", "Host", "Sec-Fetch-Site", "sec-csrf", "Proxy-Authorization", "Content-Length", "Referer", "Set-Cookie",
		"Access-Control-Request-Method", "Connection", "Authorization", "Content-Type", "Accept", "If-Match", "User-Agent", "Range", "Location", "ETag",
		"Cache-Control", "CDN-Cache-Control", "Vary", "X-Forwarded-Host", "X-Accel-Redirect", "WWW-Authenticate", "Clear-Site-Data", "Humasess-Session",
	} {
		t.Run("F8 "+name, func(t *testing.T) {
			if _, err := New(memory.New(nil), &Options[person]{CSRFHeader: name}); err == nil || !strings.Contains(err.Error(), "CSRFHeader") {
				t.Errorf("got error %v, want one about CSRFHeader", err)
			}
		})
	}
}

func nameOf(p person) string { return p.Name }

func TestOptionsAccepted(t *testing.T) {
	tests := []struct {
		name string
		o    *Options[person]
	}{
		{"nil", nil},
		{"zero", &Options[person]{}},
		{"L3 overall 12 h, idle 15 min", &Options[person]{IdleTimeout: 15 * time.Minute, AbsoluteTimeout: 12 * time.Hour}},
		{"L3 overall 24 h, idle 1 h", &Options[person]{IdleTimeout: time.Hour, AbsoluteTimeout: day}},
		{"L3 overall 30 d", &Options[person]{IdleTimeout: 30 * day, AbsoluteTimeout: 30 * day}},
		{"shortest", &Options[person]{IdleTimeout: time.Second, AbsoluteTimeout: time.Second, RememberIdleTimeout: time.Second, RememberAbsoluteTimeout: time.Second}},
		{"C10 longest", &Options[person]{IdleTimeout: 400 * day, AbsoluteTimeout: 400 * day, RememberIdleTimeout: 400 * day, RememberAbsoluteTimeout: 400 * day}},
		{"T9 no grace", &Options[person]{RotationGrace: -1}},
		{"no bound for the store", &Options[person]{StoreTimeout: -1}},
		{"shortest times of the store and of Done", &Options[person]{StoreTimeout: time.Millisecond, DoneInterval: 100 * time.Millisecond}},
		{"R6 no limit", &Options[person]{MaxPerIdentity: -1}},
		{"R6 one", &Options[person]{MaxPerIdentity: 1, Identity: nameOf}},
		{"R6 refuse", &Options[person]{RefuseOverLimit: true, Identity: nameOf}},
		{"T9 rotation of remembered sessions alone", &Options[person]{RotateEvery: 24 * time.Hour}},
		{"F4 by function", &Options[person]{TrustOrigin: func(context.Context, string) bool { return false }}},
		{"F4 trusted twice", &Options[person]{TrustedOrigins: []string{"https://a.example", "https://a.example"}}},
		{"F8 CSRF header", &Options[person]{CSRFHeader: "X-CSRF-Token"}},
		{"F8 CSRF header without X", &Options[person]{CSRFHeader: "csrf-token"}},
		{"C4 domain", &Options[person]{Cookie: CookieOptions{Domain: "example.co.uk"}}},
		{"C4 domain below a private suffix", &Options[person]{Cookie: CookieOptions{Domain: "mine.github.io"}}},
		{"C4 domain below an unknown suffix", &Options[person]{Cookie: CookieOptions{Domain: "apps.intranet"}}},
		{"C4 domain in capitals", &Options[person]{Cookie: CookieOptions{Domain: "Example.COM"}}},
		{"C4 domain in punycode", &Options[person]{Cookie: CookieOptions{Domain: "xn--bcher-kva.example"}}},
		{"C5 path", &Options[person]{Cookie: CookieOptions{Path: "/a%20b/..c/.d"}}},
		{"F4 trusted origins", &Options[person]{TrustedOrigins: []string{"https://a.example", "http://localhost:3000"}}},
		{"scheme name", &Options[person]{SchemeName: "my.session_1-x"}},
		{"bearer tokens", &Options[person]{Bearer: &BearerOptions{}}},
		{"bearer tokens with the shortest prefix", &Options[person]{Bearer: &BearerOptions{Prefix: "x_", SchemeName: "my.token_1-x"}}},
		{"bearer tokens with the longest prefix", &Options[person]{Bearer: &BearerOptions{Prefix: strings.Repeat("x", 32)}}},
		{"bearer tokens, shortest", &Options[person]{Bearer: &BearerOptions{IdleTimeout: time.Second, AbsoluteTimeout: time.Second}}},
		{"L3 bearer tokens, longest", &Options[person]{Bearer: &BearerOptions{IdleTimeout: 400 * day, AbsoluteTimeout: 400 * day}}},
		{"R6 bearer tokens for one session", &Options[person]{Bearer: &BearerOptions{}, MaxPerIdentity: 1, Identity: nameOf}},
		{"check of a scheme with the default name of another carrier", &Options[person]{
			Schemes: map[string]func(huma.Context, []string) (person, error){"sessionBearer": func(huma.Context, []string) (person, error) { return person{}, nil }},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := New(memory.New(nil), tt.o); err != nil {
				t.Errorf("error: got %v, want nil", err)
			}
		})
	}
}

func TestOptionsDefaults(t *testing.T) {
	got, err := (*Options[person])(nil).withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	durations := []struct {
		name      string
		got, want time.Duration
	}{
		{"L1 IdleTimeout", got.IdleTimeout, 30 * time.Minute},
		{"L2 AbsoluteTimeout", got.AbsoluteTimeout, 12 * time.Hour},
		{"RememberIdleTimeout", got.RememberIdleTimeout, 14 * day},
		{"RememberAbsoluteTimeout", got.RememberAbsoluteTimeout, 30 * day},
		{"T9 RotationGrace", got.RotationGrace, 10 * time.Second},
	}
	for _, tt := range durations {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got %v, want %v", tt.got, tt.want)
			}
		})
	}
	t.Run("L3 within AAL3: at most 12 h overall", func(t *testing.T) {
		if got.AbsoluteTimeout > 12*time.Hour {
			t.Errorf("got %v, want 12h at most", got.AbsoluteTimeout)
		}
	})
	t.Run("R6 MaxPerIdentity", func(t *testing.T) {
		if got.MaxPerIdentity != 100 {
			t.Errorf("got %d, want 100", got.MaxPerIdentity)
		}
	})
	t.Run("T10 cookie name says nothing about the server", func(t *testing.T) {
		lower := strings.ToLower(got.Cookie.Name)
		for _, mark := range []string{"huma", "go", "sess"} {
			if strings.Contains(lower, mark) {
				t.Errorf("got %q, want no %q in it", got.Cookie.Name, mark)
			}
		}
	})
	t.Run("the rest", func(t *testing.T) {
		if got.SchemeName != "sessionCookie" || got.Cookie.Path != "/" || got.Cookie.SameSite != http.SameSiteLaxMode || got.Now == nil || got.Logger == nil {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("no bearer tokens", func(t *testing.T) {
		if got.Bearer != nil {
			t.Errorf("got %+v, want nil", got.Bearer)
		}
	})
	t.Run("L1 L2 bearer tokens", func(t *testing.T) {
		want := BearerOptions{SchemeName: "sessionBearer", Prefix: "hs_", IdleTimeout: 14 * day, AbsoluteTimeout: 90 * day}
		if got, err := (&Options[person]{Bearer: &BearerOptions{}}).withDefaults(); err != nil || *got.Bearer != want {
			t.Errorf("got %+v and %v, want %+v", got.Bearer, err, want)
		}
	})
	t.Run("the caller's options stay as they are", func(t *testing.T) {
		o := &Options[person]{SchemeName: "mine", Bearer: &BearerOptions{}}
		if _, err := o.withDefaults(); err != nil {
			t.Fatal(err)
		}
		if o.IdleTimeout != 0 || o.Cookie.Name != "" || o.Now != nil || *o.Bearer != (BearerOptions{}) {
			t.Errorf("got %+v, want nothing filled in", o)
		}
	})
}

func TestAssurance(t *testing.T) {
	for _, tt := range []struct {
		name           string
		level          int
		idle, absolute time.Duration
	}{
		{"L3 AAL1", 1, 30 * day, 30 * day},
		{"L3 AAL2", 2, 54 * time.Minute, day},
		{"L3 AAL3", 3, 13 * time.Minute, 12 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := (&Options[person]{AssuranceLevel: tt.level}).withDefaults()
			if err != nil {
				t.Fatal(err)
			}
			timeouts := got.timeouts()
			for _, remember := range []bool{false, true} {
				if idle, absolute := timeouts.Of(remember); idle != tt.idle || absolute != tt.absolute {
					t.Errorf("remembered %v: got %v and %v, want %v and %v", remember, idle, absolute, tt.idle, tt.absolute)
				}
			}
			token, err := (&Options[person]{AssuranceLevel: tt.level, Bearer: &BearerOptions{}}).withDefaults()
			if err != nil || token.Bearer.IdleTimeout != tt.idle || token.Bearer.AbsoluteTimeout != tt.absolute {
				t.Errorf("bearer tokens: got %+v and %v, want %v and %v", token.Bearer, err, tt.idle, tt.absolute)
			}
			short, err := (&Options[person]{AssuranceLevel: tt.level, IdleTimeout: time.Minute, AbsoluteTimeout: time.Hour}).withDefaults()
			if err != nil || short.IdleTimeout != time.Minute || short.AbsoluteTimeout != time.Hour {
				t.Errorf("shorter ones: got %v and %v, error %v", short.IdleTimeout, short.AbsoluteTimeout, err)
			}
		})
	}
}
