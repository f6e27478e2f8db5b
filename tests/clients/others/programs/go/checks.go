// The checks that the programs on all clients for Go run.
package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
)

// A query of a list. What is zero is not sent.
type query struct {
	identities []string
	types      []string
	size       int
	token      string
}

// A page of a list.
type page struct {
	sids []string
	next string
}

// A failure is an error of the API: its status and its code.
type failure [2]int

func (f failure) Error() string { return fmt.Sprint(f[0], " ", f[1]) }

// Calls are those of a generated client, whatever its form is. A call that fails returns a failure.
type calls interface {
	list(query) (page, error)
	fetch(sid string) (string, error)
	remove(sid string) error
}

func setting(name string) string {
	value, found := os.LookupEnv(name)
	if !found {
		panic(name + " is not set")
	}
	return value
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Report calls each operation and prints what came of it, as one line of JSON.
func report(client calls) {
	sid := setting("SID")
	told := map[string]any{
		"fetched":    must(client.fetch(sid)),
		"identities": must(client.list(query{identities: []string{"alice", "a,b"}})).sids,
		"types":      must(client.list(query{types: []string{"apn", "fcm"}})).sids,
		"walked":     walk(client),
	}
	_, told["refused"] = client.list(query{size: 1001})
	told["removed"] = client.remove(sid) == nil
	_, told["gone"] = client.fetch(sid)
	fmt.Println(string(must(json.Marshal(told))))
}

func walk(client calls) (walked [][]string) {
	asked := query{size: 20}
	for {
		listed := must(client.list(asked))
		walked = append(walked, listed.sids)
		if listed.next == "" {
			return walked
		}
		asked.token = must(url.Parse(listed.next)).Query().Get("PageToken")
	}
}
