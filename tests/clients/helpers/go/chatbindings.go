// Package chatbindings starts a server for a test run. It ends with the process of the tests, even when that is killed.
package chatbindings

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const options = "--control --port 0 --announce - --end-with-stdin --no-docs --log-level warning"

// Server is what the server announced.
type Server struct {
	URL        string `json:"url"`
	AccountSid string `json:"account_sid"`
	AuthToken  string `json:"auth_token"`
	ServiceSid string `json:"service_sid"`
	ControlURL string `json:"control_url"`
	since      int
	stdin      io.Closer // which ends the server when it is closed
}

// Start starts a server, for a variable of the test package. Its world is "--demo", or "--world" and a file.
func Start(world ...string) *Server {
	go func(runner int) { // this process outlives a "go test" that is killed
		for os.Getppid() == runner {
			time.Sleep(500 * time.Millisecond)
		}
		os.Exit(1)
	}(os.Getppid())
	command := exec.Command("chat-bindings", append(append([]string{"serve"}, world...), strings.Fields(options)...)...)
	command.Stderr = os.Stderr
	stdout, _ := command.StdoutPipe()
	server := &Server{}
	server.stdin, _ = command.StdinPipe()
	if err := command.Start(); err != nil {
		log.Fatal(err)
	}
	if err := json.NewDecoder(stdout).Decode(server); err != nil {
		log.Fatal("the server does not start: ", err)
	}
	return server
}

// Reset makes the server what it was at its start: for the first line of a test.
func (s *Server) Reset(t *testing.T) { s.control(t, "POST", "/reset", "", nil) }

// SetFaults replaces the rules of faults, until the end of the test.
func (s *Server) SetFaults(t *testing.T, rules string) { s.control(t, "PUT", "/faults", rules, nil) }

// Request is an entry of the journal.
type Request struct {
	Operation, Query string
	Status           int
}

// Requests are those that came since the last call, or since the start of the test.
func (s *Server) Requests(t *testing.T) []Request {
	list := struct {
		Last     int
		Requests []Request
	}{}
	s.control(t, "GET", fmt.Sprint("/requests?since=", s.since), "", &list)
	s.since = list.Last
	return list.Requests
}

// AssertRequests asserts which requests came since then, such as "listBindings 200".
func (s *Server) AssertRequests(t *testing.T, expected ...string) {
	t.Helper()
	came := []string{}
	for _, request := range s.Requests(t) {
		came = append(came, fmt.Sprint(request.Operation, " ", request.Status))
	}
	if fmt.Sprint(came) != fmt.Sprint(expected) {
		t.Fatalf("requests: %q, not %q", came, expected)
	}
}

func (s *Server) control(t *testing.T, method, path, body string, into any) {
	t.Helper()
	request, _ := http.NewRequest(method, s.ControlURL+path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode >= 300 || into != nil && json.Unmarshal(text, into) != nil {
		t.Fatalf("%s %s: %s", method, path, text)
	}
}
