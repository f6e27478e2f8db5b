package loopback

import (
	"net/http"
	"net/url"

	"github.com/twilio/twilio-go"
	"github.com/twilio/twilio-go/client"
)

type transport struct{ server *url.URL }

func (to transport) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host, request.Host = to.server.Scheme, to.server.Host, to.server.Host
	return http.DefaultTransport.RoundTrip(request)
}

func ClientAt(server, accountSid, authToken string) (*twilio.RestClient, error) {
	address, err := url.Parse(server)
	sdk := &client.Client{
		Credentials: client.NewCredentials(accountSid, authToken),
		HTTPClient:  &http.Client{Transport: transport{address}},
	}
	sdk.SetAccountSid(accountSid)
	return twilio.NewRestClientWithParams(twilio.ClientParams{Client: sdk}), err
}
