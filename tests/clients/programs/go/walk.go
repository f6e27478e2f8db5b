package main

import (
	"net/url"
	"strconv"

	"github.com/twilio/twilio-go"
	chat "github.com/twilio/twilio-go/rest/chat/v2"
)

type walked struct {
	Listed   []string   `json:"listed"`
	Forwards [][]string `json:"forwards"`
	Back     [][]string `json:"back"`
}

// What a list holds, at once and page by page to its end and back, for each page size that is named.
func walk(arguments []string) (any, error) {
	client := twilio.NewRestClient()
	walks := []walked{}
	for _, size := range arguments[1:] {
		walk, err := walkBothWays(client.ChatV2, arguments[0], size)
		if err != nil {
			return nil, err
		}
		walks = append(walks, walk)
	}
	return walks, nil
}

func walkBothWays(bindings *chat.ApiService, serviceSid, size string) (walked, error) {
	params := &chat.ListBindingParams{}
	if size, err := strconv.Atoi(size); err == nil {
		params.SetPageSize(size)
	}
	walk := walked{Back: [][]string{}}

	page, err := bindings.PageBinding(serviceSid, params, "", "")
	for err == nil {
		walk.Forwards = append(walk.Forwards, sidsOf(page.Bindings))
		if page.Meta.NextPageUrl == nil {
			break
		}
		page, err = pageAt(bindings, serviceSid, params, *page.Meta.NextPageUrl)
	}
	for err == nil && page.Meta.PreviousPageUrl != nil {
		page, err = pageAt(bindings, serviceSid, params, *page.Meta.PreviousPageUrl)
		if err == nil {
			walk.Back = append(walk.Back, sidsOf(page.Bindings))
		}
	}
	if err != nil {
		return walk, err
	}

	listed, err := bindings.ListBinding(serviceSid, params)
	walk.Listed = sidsOf(listed)
	return walk, err
}

// The SDK has no call that takes the URL of a page: its users cut out what PageBinding takes.
func pageAt(bindings *chat.ApiService, serviceSid string, params *chat.ListBindingParams, pageUrl string) (
	*chat.ListBindingResponse, error,
) {
	parsed, err := url.Parse(pageUrl)
	if err != nil {
		return nil, err
	}
	query := parsed.Query()
	return bindings.PageBinding(serviceSid, params, query.Get("PageToken"), query.Get("Page"))
}

func sidsOf(bindings []chat.ChatV2Binding) []string {
	sids := []string{}
	for _, binding := range bindings {
		sids = append(sids, *binding.Sid)
	}
	return sids
}
