package humasess_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// Visits counts the visits of an anonymous session.
type Visits int

// visitorAPI is an API with sessions of T and the default options.
func visitorAPI[T any]() (huma.API, *humasesstest.Client) {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Examples", "1.0.0"))
	sessions, err := humasess.New[T](memory.New(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		log.Fatal(err)
	}
	return api, humasesstest.NewClient(mux)
}

func ExampleSession_Update() {
	type VisitInput struct{ humasess.Session[Visits] }
	type VisitOutput struct{ Body int }
	api, client := visitorAPI[Visits]()
	huma.Post(api, "/visit", func(_ context.Context, in *VisitInput) (*VisitOutput, error) {
		err := in.Session.Update(func(v *Visits) error {
			*v++
			return nil
		})
		v, _ := in.Session.Get()
		return &VisitOutput{Body: int(v)}, err
	})

	client.Do("POST", "/visit", nil) // begins an anonymous session
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { client.Do("POST", "/visit", nil) })
	}
	wg.Wait()
	fmt.Print(client.Do("POST", "/visit", nil).Body)
	// Output: 22
}

func ExampleSession_Start() {
	type WhoInput struct{ humasess.Required[Member] }
	type WhoOutput struct{ Body string }
	api, _, client := memberAPI()
	huma.Get(api, "/session", func(_ context.Context, in *WhoInput) (*WhoOutput, error) {
		return &WhoOutput{Body: in.Session.ID()}, nil
	})

	client.Do("POST", "/login", Member{ID: "ada"})
	old, first := client.Clone(), client.Do("GET", "/session", nil).Body.String()
	client.Do("POST", "/login", Member{ID: "ada"})
	fmt.Println("same ID:", first == client.Do("GET", "/session", nil).Body.String())
	fmt.Println("old cookie:", old.Do("GET", "/session", nil).Code)
	// Output:
	// same ID: false
	// old cookie: 401
}

func ExampleSession_Remember() {
	type StayInput struct {
		humasess.Login[Member]
		Stay bool `query:"stay"`
	}
	api, _, client := memberAPI()
	huma.Post(api, "/stay", func(_ context.Context, in *StayInput) (*struct{}, error) {
		return nil, errors.Join(in.Session.Start(Member{ID: "ada"}), in.Session.Remember(in.Stay))
	})

	for _, target := range []string{"/stay", "/stay?stay=true"} {
		cookie := client.Do("POST", target, nil).Result().Cookies()[0]
		fmt.Println(time.Duration(cookie.MaxAge) * time.Second)
	}
	// Output:
	// 0s
	// 720h0m0s
}

func ExampleSession_Renew() {
	type RenewInput struct{ humasess.Required[Member] }
	api, sessions, client := memberAPI()
	huma.Post(api, "/renew", func(_ context.Context, in *RenewInput) (*struct{}, error) {
		return nil, in.Session.Renew()
	})

	client.Do("POST", "/login", Member{ID: "ada"})
	before := client.Cookie(sessions.CookieName())
	client.Do("POST", "/renew", nil)
	after := client.Cookie(sessions.CookieName())
	// The ID at the beginning stays, the secret behind it is new.
	fmt.Println(before[:21] == after[:21], before == after)
	// Output: true false
}

func ExampleSession_Commit() {
	type TryInput struct{ humasess.Required[Member] }
	api, _, client := memberAPI()
	huma.Post(api, "/try", func(ctx context.Context, in *TryInput) (*struct{}, error) {
		err := in.Session.Update(func(m *Member) error {
			m.Roles = append(m.Roles, "tried")
			return nil
		})
		if err != nil {
			return nil, err
		}
		// The error response drops pending changes, so write them before.
		if err := in.Session.Commit(ctx); err != nil {
			return nil, err
		}
		fmt.Println("tries:", len(in.Value().Roles))
		return nil, huma.Error422UnprocessableEntity("wrong again")
	})

	client.Do("POST", "/login", Member{ID: "ada"})
	client.Do("POST", "/try", nil)
	client.Do("POST", "/try", nil)
	// Output:
	// tries: 1
	// tries: 2
}

func ExampleSession_List() {
	type (
		ListInput   struct{ humasess.Required[Member] }
		RevokeInput struct {
			humasess.Required[Member]
			ID string `path:"id"`
		}
		Row        struct{ ID string }
		ListOutput struct{ Body []Row }
	)
	api, sessions, laptop := memberAPI()
	phone := laptop.Clone()
	huma.Get(api, "/sessions", func(ctx context.Context, in *ListInput) (*ListOutput, error) {
		all, err := in.Session.List(ctx)
		out := &ListOutput{}
		for _, s := range all {
			fmt.Println("current:", s.Current)
			out.Body = append(out.Body, Row{ID: s.ID})
		}
		return out, err
	})
	huma.Delete(api, "/sessions/{id}", func(ctx context.Context, in *RevokeInput) (*struct{}, error) {
		return nil, in.Session.Revoke(ctx, in.ID)
	})

	phone.Do("POST", "/login", Member{ID: "ada"})
	laptop.Do("POST", "/login", Member{ID: "ada"})
	laptop.Do("GET", "/sessions", nil)
	all, _ := sessions.List(context.Background(), "ada")
	fmt.Println("revoke:", laptop.Do("DELETE", "/sessions/"+all[0].ID, nil).Code)
	fmt.Println("phone:", phone.Do("GET", "/sessions", nil).Code)
	// Output:
	// current: false
	// current: true
	// revoke: 204
	// phone: 401
}

func ExampleSession_RevokeOthers() {
	type PasswordInput struct{ humasess.Required[Member] }
	api, _, laptop := memberAPI()
	phone := laptop.Clone()
	huma.Post(api, "/password", func(ctx context.Context, in *PasswordInput) (*struct{}, error) {
		ended, err := in.Session.RevokeOthers(ctx)
		fmt.Println("ended:", ended)
		return nil, err
	})

	phone.Do("POST", "/login", Member{ID: "ada"})
	laptop.Do("POST", "/login", Member{ID: "ada"})
	fmt.Println("laptop:", laptop.Do("POST", "/password", nil).Code)
	fmt.Println("phone:", phone.Do("POST", "/password", nil).Code)
	// Output:
	// ended: 1
	// laptop: 204
	// phone: 401
}

func ExampleSetKey() {
	type PrefsInput struct {
		humasess.Session[map[string]string]
		Theme string `query:"theme"`
	}
	type PrefsOutput struct{ Body string }
	api, client := visitorAPI[map[string]string]()
	huma.Put(api, "/theme", func(_ context.Context, in *PrefsInput) (*struct{}, error) {
		return nil, humasess.SetKey(&in.Session, "theme", in.Theme)
	})
	huma.Get(api, "/theme", func(_ context.Context, in *PrefsInput) (*PrefsOutput, error) {
		theme, ok := humasess.GetKey(&in.Session, "theme")
		if !ok {
			theme = "light"
		}
		return &PrefsOutput{Body: theme}, nil
	})
	huma.Delete(api, "/theme", func(_ context.Context, in *PrefsInput) (*struct{}, error) {
		return nil, humasess.RemoveKey(&in.Session, "theme")
	})

	fmt.Print(client.Do("GET", "/theme", nil).Body)
	client.Do("PUT", "/theme?theme=dark", nil)
	fmt.Print(client.Do("GET", "/theme", nil).Body)
	client.Do("DELETE", "/theme", nil)
	fmt.Print(client.Do("GET", "/theme", nil).Body)
	// Output:
	// "light"
	// "dark"
	// "light"
}

func ExampleFrom() {
	type AuditInput struct{ humasess.Required[Member] }
	audit := func(ctx context.Context, what string) {
		if s, ok := humasess.From[Member](ctx); ok {
			m, _ := s.Get()
			fmt.Println(m.ID, what)
		}
	}
	api, _, client := memberAPI()
	huma.Post(api, "/order", func(ctx context.Context, _ *AuditInput) (*struct{}, error) {
		audit(ctx, "ordered")
		return nil, nil
	})

	client.Do("POST", "/login", Member{ID: "ada"})
	client.Do("POST", "/order", nil)
	// Output: ada ordered
}

// A sign-in page sends its user back to the page that asked for the sign-in, and
// to no other host.
func ExampleReturnTo() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		// Check the password, and call Start.
		http.Redirect(w, r, humasess.ReturnTo(r), http.StatusSeeOther)
	})
	for _, target := range []string{"/login?return_to=%2Forders%3Fpage%3D2", "/login?return_to=%2F%2Fevil.example", "/login"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, target, nil))
		fmt.Println(w.Code, w.Header().Get("Location"))
	}
	// Output:
	// 303 /orders?page=2
	// 303 /
	// 303 /
}

// A page tells a user that was signed out from a visitor that never signed in.
func ExampleSession_Reason() {
	type HomeOutput struct{ Body string }
	api, client := visitorAPI[Visits]()
	huma.Get(api, "/", func(_ context.Context, in *struct{ humasess.Session[Visits] }) (*HomeOutput, error) {
		switch in.Session.Reason() {
		case "":
			return &HomeOutput{"welcome back"}, nil
		case events.ReasonAbsent:
			return &HomeOutput{"welcome"}, nil
		default:
			return &HomeOutput{"you were signed out"}, nil
		}
	})
	fmt.Print(client.Do(http.MethodGet, "/", nil).Body)
	client.SetCookie(&http.Cookie{Name: "__Host-id", Value: "of an older session"})
	fmt.Print(client.Do(http.MethodGet, "/", nil).Body)
	// Output:
	// "welcome"
	// "you were signed out"
}
