package main

import (
	"time"

	"github.com/twilio/twilio-go"
	chat "github.com/twilio/twilio-go/rest/chat/v2"
)

// All properties of all Bindings of a list, and of the first again, fetched by itself.
func read(arguments []string) (any, error) {
	client := twilio.NewRestClient()
	serviceSid := arguments[0]

	listed, err := client.ChatV2.ListBinding(serviceSid, nil)
	if err != nil {
		return nil, err
	}
	fetched, err := client.ChatV2.FetchBinding(serviceSid, *listed[0].Sid)
	if err != nil {
		return nil, err
	}

	properties := []map[string]any{}
	for _, binding := range listed {
		properties = append(properties, propertiesOf(binding))
	}
	return map[string]any{"listed": properties, "fetched": propertiesOf(*fetched)}, nil
}

func propertiesOf(binding chat.ChatV2Binding) map[string]any {
	return map[string]any{
		"sid":            *binding.Sid,
		"account_sid":    *binding.AccountSid,
		"service_sid":    *binding.ServiceSid,
		"date_created":   binding.DateCreated.UTC().Format(time.RFC3339),
		"date_updated":   binding.DateUpdated.UTC().Format(time.RFC3339),
		"endpoint":       *binding.Endpoint,
		"identity":       *binding.Identity,
		"binding_type":   *binding.BindingType,
		"credential_sid": *binding.CredentialSid,
		"message_types":  *binding.MessageTypes,
		"url":            *binding.Url,
		"links":          *binding.Links,
	}
}
