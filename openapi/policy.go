package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/humasess/sessions/internal/policy"
)

// PolicyVersion is the version of the form that [Policy] has as JSON.
const PolicyVersion = 1

// Policy says which requests an API admits. [PolicyOf] reads it from an API. As JSON it is
// a file for reviewers: [Diff] tells which changes loosen it. Everything in it is in a
// stable order.
type Policy struct {
	Version    int         `json:"version"`    // PolicyVersion
	Managers   []Manager   `json:"managers"`   // in the order of their schemes
	Operations []Operation `json:"operations"` // in the order of their paths and methods
}

// Manager has the options of a session manager that decide which requests its sessions
// admit, and for how long. The fields have the names of the options, which
// humasess.Options and humasess.BearerOptions describe. A duration of 0 is absent.
type Manager struct {
	Scheme string `json:"scheme"` // Options.SchemeName
	Data   string `json:"data"`   // type of the session data, as main.User
	Cookie Cookie `json:"cookie"` // attributes of the session cookie

	// Bearer is the carrier of clients without cookies, nil if there is none.
	Bearer *Bearer `json:"bearer,omitempty"`

	IdleTimeout             Duration `json:"idleTimeout"`               // since the last request
	AbsoluteTimeout         Duration `json:"absoluteTimeout"`           // since the sign-in
	RememberIdleTimeout     Duration `json:"rememberIdleTimeout"`       // of remembered sessions
	RememberAbsoluteTimeout Duration `json:"rememberAbsoluteTimeout"`   // of remembered sessions
	RotateEvery             Duration `json:"rotateEvery,omitzero"`      // 0 is never
	RotationGrace           Duration `json:"rotationGrace,omitzero"`    // 0 is none
	RevokeReused            bool     `json:"revokeReused,omitempty"`    // a replaced token ends its session
	MaxPerIdentity          int      `json:"maxPerIdentity"`            // -1 is no limit
	RefuseOverLimit         bool     `json:"refuseOverLimit,omitempty"` // instead of ending the oldest session

	RequireByDefault  bool `json:"requireByDefault,omitempty"`  // for operations without a declaration
	AnonymousSuffices bool `json:"anonymousSuffices,omitempty"` // a session without a user is enough
	ClientSide        bool `json:"clientSide,omitempty"`        // the session is in its cookie

	TrustedOrigins       []string `json:"trustedOrigins,omitempty"`       // sorted
	RejectCrossSiteReads bool     `json:"rejectCrossSiteReads,omitempty"` // also refuses reads of other sites
	CSRFHeader           string   `json:"csrfHeader,omitempty"`           // header of the CSRF token, "" is none

	// Schemes are the other credentials that bring a user of the manager.
	Schemes []Credential `json:"schemes,omitempty"`

	// Functions are the options that are code of the program, and decide about access:
	// Identity, Roles, Sealer, TrustOrigin, Codec, OnUndecodable and those of Schemes. A
	// policy has their names. Their code is not compared.
	Functions []string `json:"functions,omitempty"`
}

// Cookie has the attributes of a session cookie. It always has HttpOnly.
type Cookie struct {
	Name              string   `json:"name"`                        // with its prefix, as __Host-id
	Former            []string `json:"former,omitempty"`            // names that still open sessions
	Path              string   `json:"path"`                        // "/" is every path
	Domain            string   `json:"domain,omitempty"`            // "" is the host alone
	SameSite          string   `json:"sameSite"`                    // Strict, Lax or None
	InsecureAllowHTTP bool     `json:"insecureAllowHTTP,omitempty"` // without Secure, for plain http
	Partitioned       bool     `json:"partitioned,omitempty"`       // keyed by the top-level site
}

// Bearer is the carrier of clients that send a token in the header Authorization.
type Bearer struct {
	Scheme          string   `json:"scheme"`          // BearerOptions.SchemeName
	Prefix          string   `json:"prefix"`          // of every token
	IdleTimeout     Duration `json:"idleTimeout"`     // since the last request
	AbsoluteTimeout Duration `json:"absoluteTimeout"` // since the sign-in
}

// Credential is a security scheme of the program. Type, In and Name are those of the
// document.
type Credential struct {
	Scheme   string `json:"scheme"`             // key of the scheme in the document
	Type     string `json:"type,omitempty"`     // apiKey, http, mutualTLS, oauth2 or openIdConnect
	In       string `json:"in,omitempty"`       // header, query or cookie, of an apiKey
	Name     string `json:"name,omitempty"`     // of the header, parameter or cookie, or of the http scheme
	Accepted bool   `json:"accepted,omitempty"` // wherever the session suffices
}

// Access says in one word which clients an operation is for.
type Access string

// The values of [Access].
const (
	Unmarked  Access = "unmarked"  // public, because nothing says otherwise
	Public    Access = "public"    // by `security: []`
	Login     Access = "login"     // public, and starts a session
	Optional  Access = "optional"  // public, and reads the session if there is one
	User      Access = "user"      // refuses requests without a session or another credential
	Unchecked Access = "unchecked" // the document names credentials that no manager checks
)

// Operation is the policy of one operation. huma tells nothing about operations with
// Operation.Hidden. Those that embed a session type have neither Method nor Path, and
// Count says how many there are with the same policy. The others are not listed.
type Operation struct {
	Method string `json:"method,omitempty"` // "" if it is not known
	Path   string `json:"path,omitempty"`   // with the prefixes of its groups, "" if it is not known
	Count  int    `json:"count,omitempty"`  // of operations without a path that have this policy

	Access Access `json:"access"` // a summary of Admits

	// Admits lists the kinds of requests that get in. A request needs to be one of them.
	// It has the fewest kinds that say the same.
	Admits []Admission `json:"admits"`

	// Sessions are the schemes of the managers whose sessions the operation uses, if the
	// API has several managers. All of them must trust the origin of a request.
	Sessions []string `json:"sessions,omitempty"`

	Hidden         bool `json:"hidden,omitempty"`         // the document does not show it
	AllowCrossSite bool `json:"allowCrossSite,omitempty"` // see humasess.AllowCrossSite
	NoTouch        bool `json:"noTouch,omitempty"`        // see humasess.NoTouch

	// HandlerFresh is the greatest age of the user's authentication, where the handler may
	// ask for one, as those of package account do with Options.Fresh. 0 if it does not.
	HandlerFresh Duration `json:"handlerFresh,omitzero"`
}

// Admission is one kind of request. A request of that kind fulfils all conditions. The
// zero Admission is every request.
type Admission struct {
	// Credentials are keys of security schemes, with the scopes that schemes of the
	// program need. That of a CSRF token is among them.
	Credentials map[string][]string `json:"credentials,omitempty"`

	// SameOrigin refuses requests that a browser sends for pages of origins that are
	// neither the API's own nor trusted by the manager. It does not concern requests with
	// a bearer token of a session.
	SameOrigin bool `json:"sameOrigin,omitempty"`

	// Users are conditions on the users that the credentials bring.
	Users []Condition `json:"users,omitempty"`
}

// Condition is a condition on the user that a credential brings.
type Condition struct {
	Credential string   `json:"credential"`       // one of Admission.Credentials
	Roles      []string `json:"roles,omitempty"`  // all of them
	Proofs     []Proof  `json:"proofs,omitempty"` // all of them
	Guards     []string `json:"guards,omitempty"` // types with a method Check, as main.Owner
}

// Proof is how and when the user must have authenticated.
type Proof struct {
	Fresh   Duration `json:"fresh,omitzero"`    // 0 is at any time
	Methods []string `json:"methods,omitempty"` // all of them, by names of RFC 8176
}

// Duration is a duration that is text in JSON, as "5m" and "1h30m".
type Duration time.Duration

// String returns the duration without units that are zero.
func (d Duration) String() string {
	text, _ := d.MarshalText()
	return string(text)
}

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) { return policy.Duration(d).MarshalText() }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// ParsePolicy reads a policy from JSON. It refuses other versions than [PolicyVersion],
// and fields that it does not know, because they may be restrictions.
func ParsePolicy(data []byte) (Policy, error) {
	var version struct{ Version int }
	if err := json.Unmarshal(data, &version); err != nil {
		return Policy{}, fmt.Errorf("openapi: policy: %w", err)
	}
	if version.Version != PolicyVersion {
		return Policy{}, fmt.Errorf("openapi: policy has version %d, and this program reads version %d", version.Version, PolicyVersion)
	}
	var p Policy
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return Policy{}, fmt.Errorf("openapi: policy: %w", err)
	}
	if decoder.More() {
		return Policy{}, fmt.Errorf("openapi: policy: more data after the policy")
	}
	return p, nil
}

// JSON returns the policy as JSON, with a line for each manager and each operation. So a
// change of one operation changes one line of the file.
func (p Policy) JSON() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n\"version\": %d,\n\"managers\": ", p.Version)
	writeLines(&b, p.Managers)
	b.WriteString(",\n\"operations\": ")
	writeLines(&b, p.Operations)
	b.WriteString("\n}\n")
	return b.Bytes()
}

func writeLines[E any](b *bytes.Buffer, all []E) {
	if len(all) == 0 {
		b.WriteString("[]")
		return
	}
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	for i := range all {
		b.WriteString(map[bool]string{true: "[\n", false: ",\n"}[i == 0])
		if err := encoder.Encode(all[i]); err != nil {
			panic(fmt.Sprintf("openapi: %v", err)) // a policy has only plain fields
		}
		b.Truncate(b.Len() - 1) // the encoder's line feed
	}
	b.WriteString("\n]")
}
