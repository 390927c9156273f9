package client

import "strings"

// sign is a part of a user agent and the name that it stands for.
type sign struct{ part, name string }

const (
	edge  = "Edge"
	opera = "Opera"
)

// Browsers say that they are their ancestors, too: the first that fits counts.
var browsers = []sign{
	{"Edg/", edge}, {"EdgA/", edge}, {"EdgiOS/", edge}, {"Edge/", edge},
	{"OPR/", opera}, {"OPT/", opera}, {"OPiOS/", opera},
	{"SamsungBrowser/", "Samsung Internet"}, {"YaBrowser/", "Yandex Browser"}, {"Vivaldi/", "Vivaldi"},
	{"DuckDuckGo/", "DuckDuckGo"}, {"Ddg/", "DuckDuckGo"}, {"UCBrowser/", "UC Browser"}, {"Electron/", "Desktop app"},
	{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"},
	{"CriOS/", "Chrome"}, {"; wv)", "Android app"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"},
	{"Trident/", "Internet Explorer"}, {"MSIE ", "Internet Explorer"},
	{"Safari/", "Safari"}, {"AppleWebKit/", "App"},
}

var systems = []sign{
	{"iPhone", "iPhone"}, {"iPod", "iPod"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
	{"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Linux", "Linux"}, {"X11", "Unix"},
}

func find(signs []sign, text string) string {
	for _, s := range signs {
		if strings.Contains(text, s.part) {
			return s.name
		}
	}
	return ""
}

// Label describes a user agent, as "Firefox on Windows", or by the name of a program
// that is not a browser, as "curl". It returns "" for an unknown one.
func Label(userAgent string) string {
	browser, system := find(browsers, userAgent), find(systems, userAgent)
	switch {
	case browser == "" && system == "":
		return program(userAgent)
	case browser == "":
		return system
	case system == "" || browser == "Android app":
		return browser
	}
	return browser + " on " + system
}

// program is the first product of a user agent (RFC 9110 § 10.1.5), if it is
// short and plain.
func program(userAgent string) string {
	name, _, _ := strings.Cut(userAgent, "/")
	if len(name) > 40 || name == "Mozilla" || strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._ ", r)
	}) {
		return ""
	}
	return name
}
