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
		found = append(found, binding.Sid)
	}
	return found
}

func pages(ctx context.Context, api *bindings.BindingsAPIService, size int32) []*bindings.BindingList {
	var found []*bindings.BindingList
	request := api.ListBindings(ctx, serviceSid).PageSize(size)
	for {
		page := require(request.Execute())
		found = append(found, page)
		next := page.Meta.NextPageUrl.Get()
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

func properties(binding *bindings.Binding) told {
	return told{
		"sid":            binding.Sid,
		"account_sid":    binding.AccountSid,
		"service_sid":    binding.ServiceSid,
		"date_created":   binding.DateCreated.UTC().Format(time.RFC3339),
		"date_updated":   binding.DateUpdated.UTC().Format(time.RFC3339),
		"endpoint":       binding.Endpoint,
		"identity":       binding.Identity,
		"binding_type":   binding.BindingType,
		"credential_sid": binding.CredentialSid,
		"message_types":  binding.MessageTypes,
		"url":            binding.Url,
		"user":           binding.Links.User,
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

func credentials(token string) context.Context {
	auth := bindings.BasicAuth{UserName: os.Getenv("ACCOUNT_SID"), Password: token}
	return context.WithValue(context.Background(), bindings.ContextBasicAuth, auth)
}

func main() {
	configuration := bindings.NewConfiguration()
	configuration.Servers = bindings.ServerConfigurations{{URL: os.Getenv("BASE_URL")}}
	api := bindings.NewAPIClient(configuration).BindingsAPI
	ctx, identities, sid := credentials(os.Getenv("AUTH_TOKEN")), os.Args[1:], os.Getenv("BINDING_SID")

	for _, identity := range identities {
		found := require(api.ListBindings(ctx, serviceSid).Identity([]string{identity}).Execute())
		tell("identity", told{"identity": identity, "sids": sids(found)})
	}
	types := []bindings.BindingType{bindings.APN, bindings.FCM}
	filtered := require(api.ListBindings(ctx, serviceSid).BindingType(types).Identity(identities).Execute())
	tell("filtered", told{"sids": sids(filtered)})
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
		"first":     meta.PreviousPageUrl.Get() == nil,
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
