package main

import (
	"os"

	"github.com/twilio/twilio-go"
	chat "github.com/twilio/twilio-go/rest/chat/v2"
)

// The SIDs of the Bindings that an API key may list.
func listWithKey(arguments []string) (any, error) {
	client := twilio.NewRestClientWithParams(twilio.ClientParams{
		Username:   os.Getenv("TWILIO_API_KEY"),
		Password:   os.Getenv("TWILIO_API_SECRET"),
		AccountSid: os.Getenv("TWILIO_ACCOUNT_SID"),
	})
	listed, err := client.ChatV2.ListBinding(arguments[0], &chat.ListBindingParams{})
	return sidsOf(listed), err
}
