package browser

import (
	"context"
	"encoding/json"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Screen is the screen that shows a page.
type Screen struct {
	Width, Height int
	Scale         float64 // device pixels for one of CSS; 0 is 1
	Mobile        bool
	Dark          bool // prefers-color-scheme
}

// Show changes the screen of the tab. Pages show no animations, because the
// user prefers reduced motion.
func (p *Page) Show(s Screen) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(s.Width), Height: int64(s.Height), DeviceScaleFactor: max(s.Scale, 1), Mobile: s.Mobile,
	})
	if err == nil {
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
	}
	if err != nil {
		p.tb.Fatalf("screen %+v: %v", s, err)
	}
}

// CallItself changes the tab's User-Agent, from its next request on.
func (p *Page) CallItself(agent string) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent})
	if err != nil {
		p.tb.Fatalf("user agent: %v", err)
	}
}

// DisableScripts keeps the tab's pages from running scripts, from the next page on. The
// methods of Page still work, as the developer tools do.
func (p *Page) DisableScripts() {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	if err != nil {
		p.tb.Fatalf("disable scripts: %v", err)
	}
}

// Press presses keys one after another, wherever the focus is. Characters stand
// for themselves. Other keys have those of chromedp/kb: "\t" is Tab, "\r"
// Enter, "\u001b" Escape.
func (p *Page) Press(keys string) {
	p.tb.Helper()
	p.do("press "+keys, chromedp.KeyEvent(keys))
}

// Node holds the properties of an element that a screen reader gets.
type Node struct {
	Role, Name, Description string
}

// Tree returns the accessibility tree of the page in reading order, without
// ignored nodes and loose text.
func (p *Page) Tree() []Node {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	full, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		p.tb.Fatalf("accessibility tree: %v", err)
	}
	byID := map[accessibility.NodeID]*accessibility.Node{}
	for _, n := range full.Nodes {
		byID[n.NodeID] = n
	}
	var all []Node
	var walk func(n *accessibility.Node)
	walk = func(n *accessibility.Node) {
		if n == nil {
			return
		}
		role := text(n.Role)
		if !n.Ignored && role != "StaticText" && role != "InlineTextBox" && role != "none" && role != "generic" {
			all = append(all, Node{role, text(n.Name), text(n.Description)})
		}
		for _, id := range n.ChildIDs {
			walk(byID[id])
		}
	}
	if len(full.Nodes) > 0 {
		walk(full.Nodes[0])
	}
	return all
}

func text(v *accessibility.Value) string {
	var s string
	if v != nil {
		_ = json.Unmarshal(v.Value, &s) // other values than strings have no text
	}
	return s
}
