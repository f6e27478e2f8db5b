package main

import (
	"context"
	"encoding/json"
	"net/http"

	"program/client"
)

type generated struct{ *client.ClientWithResponses }

func main() {
	authenticated := client.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		request.SetBasicAuth(setting("ACCOUNT_SID"), setting("AUTH_TOKEN"))
		return nil
	})
	report(generated{must(client.NewClientWithResponses(setting("BASE_URL"), authenticated))})
}

func (g generated) list(asked query) (page, error) {
	params := &client.ListBindingsParams{}
	if asked.identities != nil {
		params.Identity = &asked.identities
	}
	if asked.types != nil {
		params.BindingType = &[]client.BindingType{}
		for _, each := range asked.types {
			*params.BindingType = append(*params.BindingType, client.BindingType(each))
		}
	}
	if asked.size != 0 {
		params.PageSize = &asked.size
	}
	if asked.token != "" {
		params.PageToken = &asked.token
	}
	answer := must(g.ListBindingsWithResponse(context.Background(), setting("SERVICE_SID"), params))
	if answer.JSON200 == nil {
		return page{}, failed(answer.StatusCode(), answer.Body)
	}
	listed := page{}
	for _, each := range answer.JSON200.Bindings {
		listed.sids = append(listed.sids, each.Sid)
	}
	if next := answer.JSON200.Meta.NextPageUrl; next != nil {
		listed.next = *next
	}
	return listed, nil
}

func (g generated) fetch(sid string) (string, error) {
	answer := must(g.FetchBindingWithResponse(context.Background(), setting("SERVICE_SID"), sid))
	if answer.JSON200 == nil {
		return "", failed(answer.StatusCode(), answer.Body)
	}
	return answer.JSON200.Endpoint, nil
}

func (g generated) remove(sid string) error {
	answer := must(g.DeleteBindingWithResponse(context.Background(), setting("SERVICE_SID"), sid))
	if answer.StatusCode() != http.StatusNoContent {
		return failed(answer.StatusCode(), answer.Body)
	}
	return nil
}

func failed(status int, body []byte) failure {
	var told client.Error
	if err := json.Unmarshal(body, &told); err != nil {
		panic(err)
	}
	return failure{status, int(told.Code)}
}
