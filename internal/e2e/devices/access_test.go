package devices_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/e2e/browser"
)

// focus returns the element with the focus, and whether it is visible.
func focus(p *browser.Page) string {
	return browser.Eval[string](p, `(() => {
		const e = document.activeElement, outline = getComputedStyle(e);
		const seen = outline.outlineStyle !== "none" && parseFloat(outline.outlineWidth) >= 2;
		return (e.getAttribute("aria-label") || e.id || e.textContent.trim()) + (seen ? "" : " (unseen)");
	})()`)
}

// TestKeyboard uses only the keyboard.
func TestKeyboard(t *testing.T) {
	r := newRig(t, 0)
	r.device(iphone, true)
	r.device(ipad, true)
	page := r.open(firefox)
	at := func(want string) {
		t.Helper()
		page.Wait(fmt.Sprintf("(e => e.getAttribute('aria-label') || e.id || e.textContent.trim())(document.activeElement) === %q", strings.TrimSuffix(want, " (unseen)")))
		if got := focus(page); got != want {
			t.Errorf("focus: got %q, want %q", got, want)
		}
	}
	at("name")
	page.Press("ada\t")
	at("password")
	page.Press("engine\t")
	at("remember")
	page.Press(" \t")
	at("Sign in")
	page.Press("\r")
	page.Wait(onDevices)
	at("devices-title (unseen)") // a heading, which is read and not operated
	page.Press("\t")
	at("Sign out Safari on iPad")
	page.Press("\r")
	page.WaitText("Safari on iPad is signed out.")
	at("Sign out Safari on iPhone") // the next one
	r.clock.set(6 * time.Minute)
	page.Press("\t")
	at("others")
	page.Press(" ")
	at("confirm-password")
	page.Press("engine\r")
	page.WaitText("1 other device is signed out.")
	at("devices-title (unseen)")
	page.Press("\t")
	at("everywhere")
	page.Press("\r")
	wantForm(t, page, "You are signed out everywhere.")
	at("sign-in-title (unseen)")
	page.Press("\t")
	at("name")
}

// inEveryState shows the page in each of its states.
func inEveryState(t *testing.T, check func(t *testing.T, p *browser.Page)) {
	t.Helper()
	r := newRig(t, 0)
	for _, agent := range []string{iphone, ipad, edge, "a program"} {
		r.device(agent, true)
	}
	page := r.open(firefox)
	run := func(name string) {
		t.Helper()
		t.Run(name, func(t *testing.T) { check(t, page) })
	}
	run("form")
	page.Type("#name", "ada")
	page.Type("#password", "wrong\r")
	page.WaitText("Name or password is wrong.")
	run("form with an error")
	page.Press("engine\r") // the old text is selected
	page.Wait(onDevices)
	run("devices")
	revoke(page, "Edge on Windows")
	page.WaitText("Edge on Windows is signed out.")
	run("devices after one was signed out")
	r.clock.set(6 * time.Minute)
	page.Click("#others")
	page.Wait("document.querySelector('#confirm').open")
	page.Type("#confirm-password", "wrong\r")
	page.WaitText("That is not your password.")
	run("dialog with an error")
}

func TestScreenReader(t *testing.T) {
	inEveryState(t, func(t *testing.T, p *browser.Page) {
		tree := p.Tree()
		count := map[string]int{}
		for _, n := range tree {
			count[n.Role]++
			switch n.Role {
			case "button", "textbox", "checkbox", "link", "heading", "dialog", "image":
				if n.Name == "" {
					t.Errorf("got a %s without a name", n.Role)
				}
			}
		}
		has := func(want browser.Node) {
			t.Helper()
			if !slices.Contains(tree, want) {
				t.Errorf("got %+v, want %+v among it", tree, want)
			}
		}
		title := browser.Eval[string](p, "document.title")
		switch {
		case count["dialog"] > 0: // then the rest of the page is inert
			has(browser.Node{Role: "dialog", Name: "Is it you?", Description: "Enter your password to sign out your other devices."})
			has(browser.Node{Role: "textbox", Name: "Password", Description: "That is not your password."})
			if count["main"] != 0 {
				t.Error("got the page behind the dialog in the tree, want the dialog alone")
			}
			return
		case strings.Contains(title, "Sign in"):
			has(browser.Node{Role: "heading", Name: "Sign in"})
			has(browser.Node{Role: "checkbox", Name: "Stay signed in on this device"})
		default:
			has(browser.Node{Role: "heading", Name: "Where you’re signed in"})
			has(browser.Node{Role: "heading", Name: "Firefox on Linux This device"})
			has(browser.Node{Role: "button", Name: "Sign out Safari on iPhone"})
			if count["list"] != 1 || count["listitem"] < 4 {
				t.Errorf("got %d lists with %d items, want one of the devices", count["list"], count["listitem"])
			}
		}
		if count["main"] != 1 || count["banner"] != 1 {
			t.Errorf("got %d main and %d banner, want one of each", count["main"], count["banner"])
		}
		if got := browser.Eval[int](p, "document.querySelectorAll('h1').values().filter(h => h.checkVisibility()).toArray().length"); got != 1 {
			t.Errorf("got %d headings of the first level, want 1", got)
		}
	})
	t.Run("the page announces changes", func(t *testing.T) {
		r := newRig(t, 0)
		page := r.open(firefox)
		got := browser.Eval[string](page, `document.documentElement.lang + ["status", "trouble", "sign-in-error", "confirm-error"]
			.map(id => " " + document.getElementById(id).getAttribute("role")).join("")`)
		if want := "en status alert alert alert"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// contrasts returns the texts with too little contrast (WCAG 2.2 § 1.4.3).
const contrasts = `(() => {
	const parse = text => { const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number); return {r, g, b, a}; };
	const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
	const luminance = c => 0.2126 * channel(c.r) + 0.7152 * channel(c.g) + 0.0722 * channel(c.b);
	const behind = e => {
		for (; e; e = e.parentElement) {
			const color = parse(getComputedStyle(e).backgroundColor);
			if (color.a === 1) return color;
		}
		return {r: 255, g: 255, b: 255};
	};
	const bad = [];
	let seen = 0;
	for (const walker = document.createTreeWalker(document.querySelector("dialog[open]") ?? document.body, NodeFilter.SHOW_TEXT); walker.nextNode();) {
		const e = walker.currentNode.parentElement;
		if (!walker.currentNode.data.trim() || !e.checkVisibility()) continue;
		seen++;
		const [a, b] = [luminance(parse(getComputedStyle(e).color)), luminance(behind(e))].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < 4.5) bad.push(walker.currentNode.data.trim() + " " + ratio.toFixed(2));
	}
	return seen > 3 ? bad : ["only " + seen + " texts"];
})()`

func TestEveryScreen(t *testing.T) {
	inEveryState(t, func(t *testing.T, p *browser.Page) {
		for _, dark := range []bool{false, true} {
			for _, width := range []int{320, 390, 600, 768, 1120, 1920} {
				p.Show(browser.Screen{Width: width, Height: 800, Dark: dark, Mobile: width < 768})
				if got := browser.Eval[int](p, "document.scrollingElement.scrollWidth"); got > width {
					t.Errorf("%d pixels wide: got %d, want no scrolling sideways", width, got)
				}
				small := browser.Eval[[]string](p, `[...document.querySelectorAll("button, input")].filter(e => e.checkVisibility()).filter(e => {
					const box = (e.type === "checkbox" ? e.parentElement : e).getBoundingClientRect();
					return box.width < 44 || box.height < 44 || box.left < 0 || box.right > innerWidth;
				}).map(e => e.id || e.textContent)`)
				if len(small) > 0 {
					t.Errorf("%d pixels wide: got %q too small to hit or out of sight", width, small)
				}
			}
			if got := browser.Eval[[]string](p, contrasts); len(got) > 0 {
				t.Errorf("dark %v: got %q, want a contrast of 4.5", dark, got)
			}
		}
		p.Show(browser.Screen{Width: 1120, Height: 800})
	})
}
