package main

import (
	"encoding/json"
	"os"

	"github.com/twilio/twilio-go"
	chat "github.com/twilio/twilio-go/rest/chat/v2"
)

// What a filter lets through: one value, or several.
type values []string

func (wanted *values) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*wanted = values{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(wanted))
}

type filters struct {
	BindingType values `json:"binding_type"`
	Identity    values `json:"identity"`
	PageSize    int    `json:"page_size"`
}

// For each filter of standard input, the SIDs of the Bindings that it lets through.
func filter(arguments []string) (any, error) {
	client := twilio.NewRestClient()
	var wanted []filters
	if err := json.NewDecoder(os.Stdin).Decode(&wanted); err != nil {
		return nil, err
	}

	found := [][]string{}
	for _, each := range wanted {
		params := &chat.ListBindingParams{}
		if each.BindingType != nil {
			params.SetBindingType(each.BindingType)
		}
		if each.Identity != nil {
			params.SetIdentity(each.Identity)
		}
		if each.PageSize != 0 {
			params.SetPageSize(each.PageSize)
		}
		listed, err := client.ChatV2.ListBinding(arguments[0], params)
		if err != nil {
			return nil, err
		}
		found = append(found, sidsOf(listed))
	}
	return found, nil
}
