package main

import (
	"errors"
	"os"
	"strings"

	"github.com/twilio/twilio-go"
	sdk "github.com/twilio/twilio-go/client"
	chat "github.com/twilio/twilio-go/rest/chat/v2"
)

type told struct {
	Code    int    `json:"code"`
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// What the SDK's own error says, in each case in which it should be returned.
func errorsOf(arguments []string) (any, error) {
	serviceSid, absentService, absentBinding, foreignService := arguments[0], arguments[1], arguments[2], arguments[3]
	client := twilio.NewRestClient().ChatV2
	stranger := twilio.NewRestClientWithParams(twilio.ClientParams{
		Username: os.Getenv("TWILIO_ACCOUNT_SID"),
		Password: strings.Repeat("0", 32),
	}).ChatV2

	fetch := func(someone *chat.ApiService, sid string) error {
		_, err := someone.FetchBinding(serviceSid, sid)
		return err
	}
	list := func(someone *chat.ApiService, serviceSid string, params *chat.ListBindingParams) error {
		_, err := someone.ListBinding(serviceSid, params)
		return err
	}
	over := func() *chat.ListBindingParams { return (&chat.ListBindingParams{}).SetLimit(2000) }
	cases := map[string]error{
		"fetch of an absent binding":                 fetch(client, absentBinding),
		"delete of an absent binding":                client.DeleteBinding(serviceSid, absentBinding),
		"fetch of a malformed SID":                   fetch(client, "nothing"),
		"list of an absent service":                  list(client, absentService, nil),
		"list of another account's service":          list(client, foreignService, nil),
		"fetch with a wrong token":                   fetch(stranger, absentBinding),
		"delete with a wrong token":                  stranger.DeleteBinding(serviceSid, absentBinding),
		"list with a wrong token":                    list(stranger, serviceSid, nil),
		"list with a limit over the largest page":    list(client, serviceSid, over()),
		"list with a limit over it, and a page size": list(client, serviceSid, over().SetPageSize(1000)),
	}

	results := map[string]*told{}
	for name, err := range cases {
		var restError *sdk.TwilioRestError
		if errors.As(err, &restError) {
			results[name] = &told{Code: restError.Code, Status: restError.Status, Message: restError.Message}
		} else if err == nil {
			results[name] = nil
		} else {
			return nil, err
		}
	}
	return results, nil
}
