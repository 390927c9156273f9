package e2e_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humabunrouter"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/danielgtaylor/huma/v2/adapters/humaflow"
	"github.com/danielgtaylor/huma/v2/adapters/humaflow/flow"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/adapters/humahttprouter"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	fiber2 "github.com/gofiber/fiber/v2"
	fiber2recover "github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/gofiber/fiber/v3"
	fiberrecover "github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/gorilla/mux"
	"github.com/julienschmidt/httprouter"
	echo4 "github.com/labstack/echo/v4"
	echo4middleware "github.com/labstack/echo/v4/middleware"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"
	"github.com/uptrace/bunrouter"
)

// adapter is one way to serve a huma API. The suite uses only these fields.
type adapter struct {
	name string

	// build makes a router for net/http. A router with its own server has start
	// instead. It serves the API that register fills in until the test ends,
	// and returns its URL.
	build func(huma.Config) (huma.API, http.Handler)
	start func(t *testing.T, config huma.Config, register func(huma.API)) string

	// overHTTP2 makes clients use HTTP/2.
	overHTTP2 bool

	// upgrade upgrades a connection in an operation, and serves it with a function. The
	// default is that of net/http.
	upgrade func(huma.Context, func(io.ReadWriter)) error

	// panics is the status that the router's own recoverer gives a panic; 0
	// drops the connection.
	panics int

	// limits lists features that the router or its adapter makes impossible,
	// with the reasons.
	limits map[feature]string
}

// can reports whether the router has a feature.
func (a *adapter) can(f feature) bool { return a.limits[f] == "" }

// feature is a feature that some routers lack.
type feature string

const (
	unreadBody  feature = "401 and 403 are sent before the body has arrived"
	streaming   feature = "`huma.StreamResponse` reaches the client while it is written"
	interim     feature = "1xx responses before the final one"
	finalStatus feature = "a status other than 200 after a 1xx response"
	cancelling  feature = "the request's context ends when the client is gone"
	httpTwo     feature = "HTTP/2"
	headForGet  feature = "HEAD reaches operations of GET"
	cookieAsIs  feature = "a cookie's value is taken as it was sent"
	patching    feature = "`autopatch`"
	panicAnswer feature = "a panic is not answered as a success"

	upgradedDone feature = "`Done` stays open after an operation has upgraded the connection"
)

// features are in the order of docs/routers.md.
var features = []feature{
	unreadBody, streaming, interim, finalStatus, cancelling, httpTwo, headForGet, cookieAsIs, patching, panicAnswer,
	upgradedDone,
}

const (
	onlyGet      = "routes by the exact method"
	ginKeeps     = "gin's writer keeps one status, and sends it with the first byte"
	echoOnce     = "echo's writer takes the first status for the final one"
	bunPanics    = "recovered and dropped: the answer is 200 without a body, with sessions or without"
	fasthttpRead = "fasthttp reads the body first, up to `BodyLimit`; a longer one is its 413"
	fasthttpSend = "fasthttp sends the response when the handler has returned; `sse.Register` streams"
	fasthttpOne  = "fasthttp keeps one status, and sends it when the handler has returned"
	fasthttpGone = "fasthttp does not watch the connection while a handler runs"
	fasthttpH2   = "fasthttp has none"
	fasthttpQuot = "fasthttp takes quotes off it"
	fasthttpHand = "fasthttp hands the connection over when the handler has returned, which is the end of its request"
)

func fiberLimits() map[feature]string {
	return map[feature]string{
		unreadBody: fasthttpRead, streaming: fasthttpSend, interim: fasthttpOne,
		cancelling: fasthttpGone, httpTwo: fasthttpH2, cookieAsIs: fasthttpQuot, upgradedDone: fasthttpHand,
	}
}

func fiber2Limits() map[feature]string {
	limits := fiberLimits()
	limits[headForGet] = onlyGet
	limits[patching] = "the requests that it makes have no Host, which fasthttp refuses: 500"
	return limits
}

// adapters returns all adapters of huma.
func adapters() []*adapter {
	return []*adapter{
		{name: "humago", build: buildGo, limits: nil},
		{name: "humachi", build: buildChi, panics: 500, limits: map[feature]string{headForGet: onlyGet}},
		{name: "humagin", build: buildGin, panics: 500, limits: map[feature]string{headForGet: onlyGet, interim: ginKeeps}},
		{name: "humaecho", build: buildEcho, panics: 500, limits: map[feature]string{headForGet: onlyGet, finalStatus: echoOnce}},
		{name: "humaecho (v4)", build: buildEcho4, panics: 500, limits: map[feature]string{headForGet: onlyGet, finalStatus: echoOnce}},
		{name: "humafiber", start: startFiber, upgrade: upgradeFiber, panics: 500, limits: fiberLimits()},
		{name: "humafiber (v2)", start: startFiber2, upgrade: upgradeFiber2, panics: 500, limits: fiber2Limits()},
		{name: "humabunrouter", build: buildBun, panics: 200, limits: map[feature]string{headForGet: onlyGet, panicAnswer: bunPanics}},
		{name: "humabunrouter (compat)", build: buildBunCompat, panics: 200, limits: map[feature]string{headForGet: onlyGet, panicAnswer: bunPanics}},
		{name: "humahttprouter", build: buildHTTPRouter, panics: 500, limits: map[feature]string{headForGet: onlyGet}},
		{name: "humamux", build: buildMux, limits: map[feature]string{headForGet: onlyGet}},
		{name: "humaflow", build: buildFlow, limits: nil},
	}
}

// serve runs the API that register fills in, and returns its URL.
func (a *adapter) serve(t *testing.T, config huma.Config, register func(huma.API)) string {
	t.Helper()
	if a.build == nil {
		return a.start(t, config, register)
	}
	api, handler := a.build(config)
	register(api)
	return serve(t, handler)
}

func buildGo(config huma.Config) (huma.API, http.Handler) {
	r := http.NewServeMux()
	return humago.New(r, config), r
}

func buildChi(config huma.Config) (huma.API, http.Handler) {
	r := chi.NewRouter()
	r.Use(middleware.RequestLogger(quietChi{}), middleware.Recoverer)
	return humachi.New(r, config), r
}

// quietChi keeps chi's recoverer from printing stacks.
type quietChi struct{}

// NewLogEntry implements [middleware.LogFormatter].
func (quietChi) NewLogEntry(*http.Request) middleware.LogEntry { return quietChi{} }

// Write implements [middleware.LogEntry].
func (quietChi) Write(int, int, http.Header, time.Duration, any) {}

// Panic implements [middleware.LogEntry].
func (quietChi) Panic(any, []byte) {}

func buildGin(config huma.Config) (huma.API, http.Handler) {
	r := gin.New()
	r.Use(gin.RecoveryWithWriter(io.Discard))
	return humagin.New(r, config), r
}

func buildEcho(config huma.Config) (huma.API, http.Handler) {
	r := echo.New()
	r.Logger = quiet()
	r.Use(echomiddleware.Recover())
	return humaecho.New(r, config), r
}

func buildEcho4(config huma.Config) (huma.API, http.Handler) {
	r := echo4.New()
	r.Logger.SetOutput(io.Discard)
	r.Use(echo4middleware.Recover())
	return humaecho.NewV4(r, config), r
}

func buildBun(config huma.Config) (huma.API, http.Handler) {
	r := bunrouter.New()
	return humabunrouter.New(r, config), r
}

func buildBunCompat(config huma.Config) (huma.API, http.Handler) {
	r := bunrouter.New().Compat()
	return humabunrouter.NewCompat(r, config), r
}

func buildHTTPRouter(config huma.Config) (huma.API, http.Handler) {
	r := httprouter.New()
	r.PanicHandler = func(w http.ResponseWriter, _ *http.Request, _ any) {
		http.Error(w, "panic", http.StatusInternalServerError)
	}
	return humahttprouter.New(r, config), r
}

func buildMux(config huma.Config) (huma.API, http.Handler) {
	r := mux.NewRouter()
	return humamux.New(r, config), r
}

func buildFlow(config huma.Config) (huma.API, http.Handler) {
	r := flow.New()
	return humaflow.New(r, config), r
}

const bodyLimit = 16 << 20

func startFiber(t *testing.T, config huma.Config, register func(huma.API)) string {
	t.Helper()
	app := fiber.New(fiber.Config{BodyLimit: bodyLimit})
	app.Use(fiberrecover.New())
	register(humafiber.New(app, config))
	l := listen(t)
	run(t, func() error { return app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true}) }, app.ShutdownWithContext)
	return "http://" + l.Addr().String()
}

func startFiber2(t *testing.T, config huma.Config, register func(huma.API)) string {
	t.Helper()
	app := fiber2.New(fiber2.Config{BodyLimit: bodyLimit, DisableStartupMessage: true})
	app.Use(fiber2recover.New())
	register(humafiber.NewV2(app, config))
	l := listen(t)
	run(t, func() error { return app.Listener(l) }, app.ShutdownWithContext)
	return "http://" + l.Addr().String()
}
