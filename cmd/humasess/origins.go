package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/humasess/sessions/internal/stored"
	"github.com/humasess/sessions/stores"
)

// originPage is the number of sessions that doctor reads from the store at a time.
const originPage = 500

// origins counts the sessions of each scheme and type.
type origins struct {
	schemes map[string]map[string]int
	unknown int // in a format of another release
	total   int
	partial bool // the store has more
}

// readOrigins reads at most sample sessions, or all if sample is 0. It also bounds
// the number of pages, because a Redis server may hold other keys.
func readOrigins(ctx context.Context, p *patience, store stores.Store, sample int) (origins, error) {
	o := origins{schemes: map[string]map[string]int{}}
	cursor := ""
	for pages := 0; sample == 0 || o.total < sample && pages < 100+sample/10; pages++ {
		page, err := stores.Scan(ctx, store, nil, cursor, originPage)
		if err != nil {
			return o, err
		}
		p.goOn()
		for _, r := range page.Records {
			if sample > 0 && o.total == sample {
				o.partial = true
				return o, nil
			}
			o.add(r.Payload)
		}
		if cursor = page.Next; cursor == "" {
			return o, nil
		}
	}
	o.partial = true
	return o, nil
}

func (o *origins) add(payload []byte) {
	o.total++
	scheme, typeName, err := stored.Origin(payload)
	if err != nil {
		o.unknown++
		return
	}
	if o.schemes[scheme] == nil {
		o.schemes[scheme] = map[string]int{}
	}
	o.schemes[scheme][stored.TypeName(typeName)]++
}

const apart = "Programs with these types accept each other's sessions. Give each program its own Options.SchemeName, or its own prefix, schema or file. " +
	"If a type was renamed, sessions have the old name until the program writes them."

// findings lists the types of each scheme. It shows no data.
func (o *origins) findings() []finding {
	const name = "sessions"
	var found []finding
	extent := ""
	if o.partial {
		extent = fmt.Sprintf(" This is a sample of %d; --sample 0 reads all sessions.", o.total)
	}
	for _, scheme := range slices.Sorted(maps.Keys(o.schemes)) {
		types := o.schemes[scheme]
		f := finding{name, ok, cell(scheme) + ": " + inWords(types) + "." + extent}
		named := len(types)
		if types[""] > 0 {
			named--
		}
		if named > 1 {
			f.Status = warn
			f.Message += " " + apart
		}
		found = append(found, f)
	}
	if o.unknown > 0 {
		found = append(found, finding{name, ok, fmt.Sprintf("%s in a format that this version cannot read.%s A newer version may read it.", plural(o.unknown), extent)})
	}
	if len(found) == 0 {
		found = append(found, finding{name, ok, "No session was found." + extent})
	}
	return found
}

// inWords lists types with the number of their sessions, most frequent first.
func inWords(types map[string]int) string {
	names := slices.SortedFunc(maps.Keys(types), func(a, b string) int {
		return cmp.Or(cmp.Compare(types[b], types[a]), strings.Compare(a, b))
	})
	var parts []string
	for i, name := range names {
		count := fmt.Sprint(types[name])
		if i == 0 {
			count = plural(types[name])
		}
		if name == "" {
			parts = append(parts, count+" without a type, which an older release wrote")
			continue
		}
		parts = append(parts, count+" of "+cell(name))
	}
	return strings.Join(parts, ", ")
}

func plural(n int) string {
	if n == 1 {
		return "1 session"
	}
	return fmt.Sprintf("%d sessions", n)
}
