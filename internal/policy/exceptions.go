package policy

import (
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Keys of an operation's marks in its metadata.
const (
	crossSiteKey = "humasess.crosssite"
	noTouchKey   = "humasess.notouch"
	sessionKey   = "humasess.sessiononly"
	renewsKey    = "humasess.renews"
	hideKey      = "humasess.hide"
)

// SafeMethod reports whether requests of the method are exempt from the
// cross-origin check, as in [http.CrossOriginProtection].
func SafeMethod(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// AllowCrossSite exempts an operation from the cross-origin check.
func AllowCrossSite(op *huma.Operation) { mark(op, crossSiteKey) }

// CrossSiteAllowed reports whether [AllowCrossSite] has exempted the operation.
func CrossSiteAllowed(op *huma.Operation) bool { return op.Metadata[crossSiteKey] == true }

// NoTouch keeps requests to an operation from extending the session.
func NoTouch(op *huma.Operation) { mark(op, noTouchKey) }

// TouchDisabled reports whether [NoTouch] applies to the operation.
func TouchDisabled(op *huma.Operation) bool { return op.Metadata[noTouchKey] == true }

// OnlySession keeps an operation for sessions: credentials that a manager accepts
// everywhere do not count.
func OnlySession(op *huma.Operation) { mark(op, sessionKey) }

// SessionOnly reports whether [OnlySession] applies to the operation.
func SessionOnly(op *huma.Operation) bool { return op.Metadata[sessionKey] == true }

// Renews says that the handler of an operation can replace the token of its session.
func Renews(op *huma.Operation) { mark(op, renewsKey) }

func renews(op *huma.Operation) bool { return op.Metadata[renewsKey] == true }

// Hide keeps an operation out of the document. The hook sees it before.
func Hide(op *huma.Operation) { mark(op, hideKey) }

func hidden(op *huma.Operation) bool { return op.Metadata[hideKey] == true }

func mark(op *huma.Operation, key string) {
	op.Metadata = maps.Clone(op.Metadata) // copies of the operation share it
	if op.Metadata == nil {
		op.Metadata = map[string]any{}
	}
	op.Metadata[key] = true
}

// describeExceptions shows the exceptions in the document.
func describeExceptions(op *huma.Operation) {
	shown := map[string]any{}
	if CrossSiteAllowed(op) {
		shown["crossSite"] = "allowed"
	}
	if TouchDisabled(op) {
		shown["touch"] = "never"
	}
	if len(shown) == 0 {
		return
	}
	op.Extensions = maps.Clone(op.Extensions)
	if op.Extensions == nil {
		op.Extensions = map[string]any{}
	}
	op.Extensions["x-session"] = shown
}
