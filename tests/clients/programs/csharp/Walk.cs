using Twilio.Base;
using Twilio.Clients;
using Twilio.Rest;
using Twilio.Rest.Chat.V2.Service;

/// <summary>Gives what a list holds, at once and page by page to its end and back, for each page size that is named.</summary>
internal static class Walk
{
    private const string Host = "https://chat.twilio.com";

    public static object Run(string[] arguments)
    {
        TwilioRestClient client = Common.Client();
        return arguments[1..].Select(size => Walked(client, arguments[0], size)).ToList();
    }

    private static Dictionary<string, object> Walked(TwilioRestClient client, string service, string size)
    {
        int? pageSize = size == "default" ? null : int.Parse(size);
        string query = pageSize is null ? "" : $"?PageSize={pageSize}";
        List<List<string>> forwards = [], back = [];
        // the SDK has pages, but no method that gives the first one
        Page<BindingResource> page = BindingResource.GetPage($"{Host}/v2/Services/{service}/Bindings{query}", client);
        forwards.Add(Common.Sids(page.Records));
        while (page.HasNextPage())
        {
            page = BindingResource.NextPage(page, client);
            forwards.Add(Common.Sids(page.Records));
        }
        // nor does it have HasPreviousPage: where there is none, it makes up the URL of the host alone
        while (page.GetPreviousPageUrl(Domain.Chat) != Host)
        {
            page = BindingResource.PreviousPage(page, client);
            back.Add(Common.Sids(page.Records));
        }
        return new()
        {
            ["listed"] = Common.Sids(BindingResource.Read(service, pageSize: pageSize, client: client)),
            ["forwards"] = forwards,
            ["back"] = back,
        };
    }
}
