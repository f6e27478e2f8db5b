package main

import (
	"context"
	"fmt"

	"program/client"
)

type generated struct{ *client.Client }

type credentials struct{}

func (credentials) AccountSidAndAuthToken(
	context.Context, client.OperationName,
) (client.AccountSidAndAuthToken, error) {
	return client.AccountSidAndAuthToken{Username: setting("ACCOUNT_SID"), Password: setting("AUTH_TOKEN")}, nil
}

func main() {
	report(generated{must(client.NewClient(setting("BASE_URL"), credentials{}))})
}

func (g generated) list(asked query) (page, error) {
	params := client.ListBindingsParams{ServiceSid: client.ServiceSid(setting("SERVICE_SID")), Identity: asked.identities}
	for _, each := range asked.types {
		params.BindingType = append(params.BindingType, client.BindingType(each))
	}
	if asked.size != 0 {
		params.PageSize = client.NewOptPageSize(client.PageSize(asked.size))
	}
	if asked.token != "" {
		params.PageToken = client.NewOptString(asked.token)
	}
	switch answer := must(g.ListBindings(context.Background(), params)).(type) {
	case *client.BindingListHeaders:
		listed := page{}
		for _, each := range answer.Response.Bindings {
			listed.sids = append(listed.sids, string(each.Sid))
		}
		if next := answer.Response.Meta.NextPageURL; !next.Null {
			listed.next = next.Value.String()
		}
		return listed, nil
	case *client.BadListRequestHeaders:
		return page{}, failure{400, int(answer.Response.Code)}
	default:
		panic(fmt.Sprintf("%T", answer))
	}
}

func (g generated) fetch(sid string) (string, error) {
	params := client.FetchBindingParams{ServiceSid: client.ServiceSid(setting("SERVICE_SID")), Sid: client.BindingSid(sid)}
	switch answer := must(g.FetchBinding(context.Background(), params)).(type) {
	case *client.BindingHeaders:
		return answer.Response.Endpoint, nil
	case *client.NotFoundHeaders:
		return "", failure{404, int(answer.Response.Code)}
	default:
		panic(fmt.Sprintf("%T", answer))
	}
}

func (g generated) remove(sid string) error {
	params := client.DeleteBindingParams{ServiceSid: client.ServiceSid(setting("SERVICE_SID")), Sid: client.BindingSid(sid)}
	if answer, gone := must(g.DeleteBinding(context.Background(), params)).(*client.DeleteBindingNoContent); !gone {
		panic(fmt.Sprintf("%T", answer))
	}
	return nil
}
