package gate

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/response"
	"github.com/humasess/sessions/internal/crossorigin"
	"github.com/humasess/sessions/internal/policy"
)

// refuseForeign answers 403 to a request that a page of another origin has sent,
// because the browser adds the cookie by itself. It runs before any session is loaded.
// It reports whether it has refused the request. upgrade says whether the request has
// that header.
func refuseForeign(ctx huma.Context, e *entry, upgrade bool) bool {
	if e.exempt {
		return false
	}
	handshake := upgrade && opensWebsocket(ctx)
	if !handshake && !e.isolated && policy.SafeMethod(ctx.Method()) {
		return false
	}
	return refuseOrigins(ctx, e, crossorigin.Request{
		Method:       ctx.Method(),
		Host:         hostOf(ctx),
		SecFetchSite: ctx.Header("Sec-Fetch-Site"),
		Origin:       ctx.Header("Origin"),
		Upgrade:      handshake,
		SecFetchMode: ctx.Header("Sec-Fetch-Mode"),
		SecFetchDest: ctx.Header("Sec-Fetch-Dest"),
	})
}

// refuseOrigins asks the managers of the operation.
func refuseOrigins(ctx huma.Context, e *entry, o crossorigin.Request) bool {
	for _, m := range e.judges {
		if err := m.CheckOrigin(ctx.Context(), o); err != nil {
			m.Reporter().Emit(ctx.Context(), events.Event{
				Kind: events.Refused, Reason: events.ReasonCrossOrigin, Operation: e.name(ctx), Err: explained(err, e, o),
			})
			ctx.AppendHeader("Vary", "Sec-Fetch-Site, Origin")
			if len(e.prefixes) > 0 {
				ctx.AppendHeader("Vary", fieldAuthorization) // with a token there is no such check
			}
			e.write(ctx, answerCrossOrigin.model(ctx), err)
			return true
		}
	}
	return false
}

// explained adds to the error of a refused origin the hosts and the options that would
// allow the request. The program sees it, and not the client.
func explained(err error, e *entry, o crossorigin.Request) error {
	facts := []string{fmt.Sprintf(`Origin "%s", Host "%s"`, escaped(o.Origin), escaped(o.Host))}
	if o.Origin != "" && o.Origin != "null" {
		facts = append(facts, "Options.TrustedOrigins or Options.TrustOrigin can allow the origin")
	}
	if e.api != nil {
		facts = append(facts, "AllowCrossSite can allow all origins for the operation")
	}
	if e.page != nil {
		facts = append(facts, "PageOptions.AllowCrossSite can allow all origins for the path")
	}
	if policy.SafeMethod(o.Method) && !o.Upgrade {
		facts = append(facts, "without Options.RejectCrossSiteReads all origins may read")
	}
	return fmt.Errorf("%w: %s", err, strings.Join(facts, "; "))
}

// requestOf is for [Handler].
func requestOf(r *http.Request) crossorigin.Request {
	return crossorigin.Request{
		Method:       r.Method,
		Host:         r.Host,
		SecFetchSite: r.Header.Get("Sec-Fetch-Site"),
		Origin:       r.Header.Get("Origin"),
		Upgrade:      response.ListsToken(r.Header["Upgrade"], "websocket") && response.ListsToken(r.Header["Connection"], "upgrade"),
		SecFetchMode: r.Header.Get("Sec-Fetch-Mode"),
		SecFetchDest: r.Header.Get("Sec-Fetch-Dest"),
	}
}

// opensWebsocket reports whether the request is the opening handshake of
// RFC 6455 § 4.1. All lines count, because libraries for websockets read all.
// An upgrade to another protocol cannot bypass the same-origin policy, because a page
// cannot request it. Proxies add h2c to requests of every kind. The handshake of RFC
// 8441 is a CONNECT, which is not a safe method.
func opensWebsocket(ctx huma.Context) bool {
	var protocol, connection bool
	ctx.EachHeader(func(name, value string) {
		switch {
		case response.SameName(name, fieldUpgrade):
			protocol = protocol || response.ContainsToken(value, "websocket")
		case response.SameName(name, "Connection"):
			connection = connection || response.ContainsToken(value, "upgrade")
		}
	})
	return protocol && connection
}
