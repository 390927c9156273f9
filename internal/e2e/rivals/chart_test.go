package rivals_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Lengths of the chart in pixels.
const (
	chartWidth  = 760
	chartLeft   = 220 // where bars begin
	chartRight  = 690 // where the bar of the largest share ends
	chartTop    = 84
	barHeight   = 11
	barGap      = 2
	rowHeight   = 32
	groupHeight = 26 // of a group's name
)

// chartStyle has colours for light and dark pages. The chart has a background,
// because a page can differ from the reader's system.
const chartStyle = `
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
.title { font-size: 16px; font-weight: 600; }
.group { font-weight: 600; }
.small { font-size: 11px; fill: #59636e; }
.value { stroke: #ffffff; stroke-width: 4px; paint-order: stroke; }
.page { fill: #ffffff; stroke: #d1d9e0; }
.grid { stroke: #d1d9e0; }
.own.read { fill: #0a5fc4; } .own.modify { fill: #7fb2f0; }
.peer.read { fill: #6e7781; } .peer.modify { fill: #b4bcc5; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.small { fill: #9198a1; }
.value { stroke: #0d1117; }
.page { fill: #0d1117; stroke: #3d444d; }
.grid { stroke: #3d444d; }
.own.read { fill: #58a6ff; } .own.modify { fill: #1f5fae; }
.peer.read { fill: #9198a1; } .peer.modify { fill: #59636e; }
}
`

// chart draws the share of bare huma's requests per second, for reads and modifies.
func chart(r *results) string {
	largest := 1.0
	for _, l := range r.HTTP {
		largest = max(largest, l.Share)
	}
	x := func(share float64) float64 { return chartLeft + share/largest*(chartRight-chartLeft) }
	var rows, values, said strings.Builder // values lie below the bars, because the outline of one is as high as the gap
	y, group := chartTop, ""
	for _, s := range httpSubjects[1:] {
		first, ok := r.http(s.group, read, s.name)
		second, found := r.http(s.group, modify, s.name)
		if !ok || !found {
			continue
		}
		if group != s.group {
			group = s.group
			y += groupHeight
			fmt.Fprintf(&rows, `<text class="group" x="20" y="%d">%s</text>`+"\n", y-8, escape(group))
		}
		class := "peer"
		if s.own {
			class = "own"
		}
		fmt.Fprintf(&rows, `<text x="32" y="%d">%s</text>`+"\n", y+17, escape(s.name))
		for i, l := range []httpLine{first, second} {
			top := y + i*(barHeight+barGap)
			fmt.Fprintf(&rows, `<rect class="%s %s" x="%d" y="%d" width="%.1f" height="%d"/>`+"\n", class, l.Request, chartLeft, top, x(l.Share)-chartLeft, barHeight)
			fmt.Fprintf(&values, `<text class="small value" x="%.1f" y="%d">%.0f %%</text>`+"\n", x(l.Share)+6, top+barHeight-1, 100*l.Share)
		}
		fmt.Fprintf(&said, " %s, %s: %.0f %% and %.0f %%.", group, s.name, 100*first.Share, 100*second.Share)
		y += rowHeight
	}
	var grid strings.Builder
	for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
		fmt.Fprintf(&grid, `<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", x(share), chartTop, x(share), y)
		fmt.Fprintf(&grid, `<text class="small" text-anchor="middle" x="%.1f" y="%d">%.0f %%</text>`+"\n", x(share), y+16, 100*share)
	}
	height := y + 32
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc">
<title id="title">Requests per second with a session, as a share of those without</title>
<desc id="desc">Reads and modifies, over HTTP, longer is better.%s</desc>
<style>%s</style>
<rect class="page" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>
<text class="title" x="20" y="30">Requests per second, as a share of huma without sessions</text>
<rect class="own read" x="20" y="46" width="14" height="11"/><rect class="peer read" x="38" y="46" width="14" height="11"/><text x="58" y="56">read</text>
<rect class="own modify" x="104" y="46" width="14" height="11"/><rect class="peer modify" x="122" y="46" width="14" height="11"/><text x="142" y="56">modify</text>
<text class="small" x="%d" y="56">Coloured: humasess. Over HTTP on one machine; longer is better.</text>
%s%s</svg>
`, chartWidth, height, chartWidth, height, escape(said.String()), chartStyle, chartWidth-1, height-1, chartLeft, grid.String()+values.String(), rows.String())
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

// TestChart checks that the chart is XML and that nothing leaves it.
func TestChart(t *testing.T) {
	t.Parallel()
	var r results
	for i, s := range httpSubjects {
		for _, request := range []string{read, modify} {
			r.HTTP = append(r.HTTP, httpLine{s.group, request, s.name, s.own, 1000, 1.2 / float64(i+1)})
		}
	}
	text := chart(&r)
	if err := xml.Unmarshal([]byte(text), new(struct {
		XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
	})); err != nil {
		t.Fatal(err)
	}
	for _, s := range httpSubjects[1:] {
		if n := strings.Count(text, escape(s.name)); n < 2 {
			t.Errorf("the chart has %q %d times, want a label and a part of the description", s.name, n)
		}
	}
	for _, at := range regexp.MustCompile(` x="([0-9.]+)" y="[0-9.]+" width="([0-9.]+)"`).FindAllStringSubmatch(text, -1) {
		x, width := must(strconv.ParseFloat(at[1], 64)), must(strconv.ParseFloat(at[2], 64))
		if x+width > chartWidth {
			t.Errorf("a bar from %.0f is %.0f wide and leaves the chart", x, width)
		}
	}
}

func writeChart(r *results) {
	must(0, os.WriteFile("../../../docs/images/benchmarks.svg", []byte(chart(r)), 0o600))
}
