package chatbindings_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	sdk "github.com/twilio/twilio-go/client"
	chat "github.com/twilio/twilio-go/rest/chat/v2"

	chatbindings "clients/helpers/go"
	"clients/loopback"
)

const first = "BS00000000000000000000000000000001"

var server = chatbindings.Start("--world", "../world.json")

// The official SDK on the server as it was at its start.
func begin(t *testing.T) *chat.ApiService {
	server.Reset(t)
	client, err := loopback.ClientAt(server.URL, server.AccountSid, server.AuthToken)
	if err != nil {
		t.Fatal(err)
	}
	return client.ChatV2
}

func expectError(t *testing.T, err error, status, code int) {
	t.Helper()
	var refused *sdk.TwilioRestError
	if !errors.As(err, &refused) || refused.Status != status || refused.Code != code {
		t.Fatalf("%v, expected %d", err, code)
	}
}

func TestAListThatFailedOnceIsRightWhenItIsAskedForAgain(t *testing.T) {
	bindings := begin(t)
	server.SetFaults(t, `{"rules": [{"operation": "listBindings", "first": 1, "code": 503}]}`)
	_, err := bindings.ListBinding(server.ServiceSid, nil)
	expectError(t, err, 503, 20503)
	if listed, err := bindings.ListBinding(server.ServiceSid, nil); err != nil || len(listed) != 3 {
		t.Fatal(listed, err)
	}
	server.AssertRequests(t, "listBindings 503", "listBindings 200")
}

func TestAWalkAsksForEachPage(t *testing.T) {
	bindings := begin(t)
	walked, err := bindings.ListBinding(server.ServiceSid, (&chat.ListBindingParams{}).SetPageSize(1))
	if err != nil {
		t.Fatal(err)
	}
	var identities []string
	for _, binding := range walked {
		identities = append(identities, *binding.Identity)
	}
	if !reflect.DeepEqual(identities, []string{"alice", "alice", "a,b"}) {
		t.Fatal(identities)
	}
	server.AssertRequests(t, "listBindings 200", "listBindings 200", "listBindings 200")
}

func TestAFilterIsSentAsOneValue(t *testing.T) {
	bindings := begin(t)
	params := (&chat.ListBindingParams{}).SetIdentity([]string{"a,b"})
	if listed, err := bindings.ListBinding(server.ServiceSid, params); err != nil || len(listed) != 1 {
		t.Fatal(listed, err)
	}
	if query := server.Requests(t)[0].Query; !strings.HasPrefix(query, "Identity=a%2Cb&") {
		t.Fatal(query)
	}
}

func TestADeletion(t *testing.T) {
	for _, run := range []string{"one test", "the next, which finds it again"} {
		t.Run(run, func(t *testing.T) {
			bindings := begin(t)
			if err := bindings.DeleteBinding(server.ServiceSid, first); err != nil {
				t.Fatal(err)
			}
			server.AssertRequests(t, "deleteBinding 204")
			_, err := bindings.FetchBinding(server.ServiceSid, first)
			expectError(t, err, 404, 20404)
			server.AssertRequests(t, "fetchBinding 404")
		})
	}
}
