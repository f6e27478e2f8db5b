using Twilio.Clients;
using Twilio.Http;

sealed class Loopback(Uri server) : DelegatingHandler(new HttpClientHandler())
{
    public static TwilioRestClient ClientAt(string url, string accountSid, string authToken) =>
        new(accountSid, authToken, httpClient: new SystemNetHttpClient(
            new System.Net.Http.HttpClient(new Loopback(new Uri(url)))));

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken token)
    {
        request.RequestUri = new Uri(server, request.RequestUri!.PathAndQuery);
        return base.SendAsync(request, token);
    }
}
