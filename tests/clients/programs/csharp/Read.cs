using Twilio.Clients;
using Twilio.Rest.Chat.V2.Service;

/// <summary>Gives all properties of all Bindings of a list, and of the first again, fetched by itself.</summary>
internal static class Read
{
    public static object Run(string[] arguments)
    {
        TwilioRestClient client = Common.Client();
        List<BindingResource> listed = BindingResource.Read(arguments[0], client: client).ToList();
        BindingResource fetched = BindingResource.Fetch(arguments[0], listed[0].Sid, client);
        return new Dictionary<string, object>
        {
            ["listed"] = listed.ConvertAll(Properties),
            ["fetched"] = Properties(fetched),
        };
    }

    private static Dictionary<string, object?> Properties(BindingResource binding) => new()
    {
        ["sid"] = binding.Sid,
        ["account_sid"] = binding.AccountSid,
        ["service_sid"] = binding.ServiceSid,
        ["date_created"] = Iso(binding.DateCreated),
        ["date_updated"] = Iso(binding.DateUpdated),
        ["endpoint"] = binding.Endpoint,
        ["identity"] = binding.Identity,
        ["binding_type"] = binding.BindingType.ToString(),
        ["credential_sid"] = binding.CredentialSid,
        ["message_types"] = binding.MessageTypes,
        ["url"] = binding.Url.OriginalString,
        ["links"] = binding.Links,
    };

    private static string? Iso(DateTime? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}
