// Use the generated client as its reader would, and print what it gives, a JSON document on each line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	bindings "example.com/chat-bindings/client"
)

type told = map[string]any

var serviceSid = os.Getenv("SERVICE_SID")

func tell(step string, what told) {
	line := told{"step": step}
	maps.Copy(line, what)
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		log.Fatal(err)
	}
}

func require[T any](value T, _ *http.Response, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func sids(page *bindings.BindingList) []string {
	found := []string{}
	for _, binding := range page.Bindings {
		found = append(found, binding.GetSid())
	}
	return found
}

func pages(ctx context.Context, api *bindings.BindingsAPIService, size int32) []*bindings.BindingList {
	var found []*bindings.BindingList
	request := api.ListBindings(ctx, serviceSid).PageSize(size)
	for {
		page := require(request.Execute())
		found = append(found, page)
		next := page.Meta.NextPageUrl
		if next == nil {
			return found
		}
		address, err := url.Parse(*next)
		if err != nil {
			log.Fatal(err)
		}
		request = request.PageToken(address.Query().Get("PageToken"))
	}
}

func iso(moment *time.Time) any {
	if moment == nil {
		return nil
	}
	return moment.UTC().Format(time.RFC3339)
}

func properties(binding *bindings.Binding) told {
	links := binding.GetLinks()
	return told{
		"sid":            binding.Sid,
		"account_sid":    binding.AccountSid,
		"service_sid":    binding.ServiceSid,
		"date_created":   iso(binding.DateCreated),
		"date_updated":   iso(binding.DateUpdated),
		"endpoint":       binding.Endpoint,
		"identity":       binding.Identity,
		"binding_type":   binding.BindingType,
		"credential_sid": binding.CredentialSid,
		"message_types":  binding.MessageTypes,
		"url":            binding.Url,
		"user":           links.User,
	}
}

func tellError(step string, response *http.Response, err error) {
	var failure *bindings.GenericOpenAPIError
	if !errors.As(err, &failure) {
		log.Fatalf("%s: %v", step, err)
	}
	model, ok := failure.Model().(bindings.Error)
	if !ok {
		log.Fatalf("%s: %v", step, err)
	}
	tell(step, told{
		"http":    response.StatusCode,
		"code":    model.Code,
		"message": model.Message,
		"info":    model.MoreInfo,
		"status":  model.Status,
	})
}

type testCase struct {
	Case       string
	Service    string
	Identities []string
	Types      []bindings.BindingType
}

func cases() []testCase {
	text, err := os.ReadFile(os.Getenv("CASES"))
	if err != nil {
		log.Fatal(err)
	}
	var found []testCase
	if err := json.Unmarshal(text, &found); err != nil {
		log.Fatal(err)
	}
	return found
}

func tellCase(ctx context.Context, api *bindings.BindingsAPIService, one testCase) {
	request := api.ListBindings(ctx, one.Service)
	if one.Types != nil {
		request = request.BindingType(one.Types)
	}
	if one.Identities != nil {
		request = request.Identity(one.Identities)
	}
	page, response, err := request.Execute()
	var failure *bindings.GenericOpenAPIError
	if errors.As(err, &failure) {
		tell("case", told{"case": one.Case, "http": response.StatusCode, "text": string(failure.Body())})
		return
	}
	found := []told{}
	for _, binding := range require(page, response, err).Bindings {
		found = append(found, properties(&binding))
	}
	tell("case", told{"case": one.Case, "bindings": found})
}

func credentials(token string) context.Context {
	auth := bindings.BasicAuth{UserName: os.Getenv("ACCOUNT_SID"), Password: token}
	return context.WithValue(context.Background(), bindings.ContextBasicAuth, auth)
}

func main() {
	configuration := bindings.NewConfiguration()
	configuration.Servers = bindings.ServerConfigurations{{URL: os.Getenv("BASE_URL")}}
	api := bindings.NewAPIClient(configuration).BindingsAPI
	ctx, sid := credentials(os.Getenv("AUTH_TOKEN")), os.Getenv("BINDING_SID")

	for _, one := range cases() {
		tellCase(ctx, api, one)
	}
	size, err := strconv.ParseInt(os.Getenv("PAGE_SIZE"), 10, 32)
	if err != nil {
		log.Fatal(err)
	}
	walk := pages(ctx, api, int32(size))
	walked := [][]string{}
	for _, page := range walk {
		walked = append(walked, sids(page))
	}
	tell("walked", told{"pages": walked})
	meta := walk[0].Meta
	tell("meta", told{
		"page":      meta.Page,
		"page_size": meta.PageSize,
		"first":     meta.PreviousPageUrl == nil,
		"key":       meta.Key,
	})

	tell("fetched", told{"binding": properties(require(api.FetchBinding(ctx, serviceSid, sid).Execute()))})
	if _, err := api.DeleteBinding(ctx, serviceSid, sid).Execute(); err != nil {
		log.Fatal(err)
	}
	_, response, err := api.FetchBinding(ctx, serviceSid, sid).Execute()
	tellError("fetched again", response, err)
	response, err = api.DeleteBinding(ctx, serviceSid, sid).Execute()
	tellError("deleted again", response, err)
	_, response, err = api.ListBindings(ctx, serviceSid).PageSize(1001).Execute()
	tellError("too large", response, err)
	_, response, err = api.ListBindings(credentials(strings.Repeat("0", 32)), serviceSid).Execute()
	tellError("unauthorized", response, err)
}
