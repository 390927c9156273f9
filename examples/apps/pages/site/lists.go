package site

import (
	"maps"
	"slices"
	"sync"
)

const maxItems = 50

type item struct{ ID, Text string }

// total is the length of a user's list.
type total struct {
	User  string
	Items int
}

// lists stand for a database.
type lists struct {
	mu  sync.Mutex
	all map[string][]item // by user
}

func newLists() *lists { return &lists{all: map[string][]item{}} }

// of returns the items of a user.
func (l *lists) of(user string) []item {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all[user])
}

// add adds an item unless one with its ID is there. It reports false if the list is full.
func (l *lists) add(user string, it item) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	items := l.all[user]
	if slices.ContainsFunc(items, func(other item) bool { return other.ID == it.ID }) {
		return true
	}
	if len(items) >= maxItems {
		return false
	}
	l.all[user] = append(items, it)
	return true
}

// remove removes an item, and returns its text.
func (l *lists) remove(user, id string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	items := l.all[user]
	i := slices.IndexFunc(items, func(it item) bool { return it.ID == id })
	if i < 0 {
		return "", false
	}
	text := items[i].Text
	l.all[user] = slices.Delete(items, i, i+1)
	return text, true
}

// totals returns the lengths of all lists.
func (l *lists) totals() []total {
	l.mu.Lock()
	defer l.mu.Unlock()
	totals := make([]total, 0, len(people))
	for _, id := range slices.Sorted(maps.Keys(people)) {
		totals = append(totals, total{User: people[id].name, Items: len(l.all[id])})
	}
	return totals
}
