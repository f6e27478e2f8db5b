using System.Text.Json;
using Twilio.Clients;
using Twilio.Rest.Chat.V2.Service;

/// <summary>Gives, for each filter of standard input, the SIDs of the Bindings that it lets through.</summary>
internal static class Filters
{
    public static object Run(string[] arguments)
    {
        TwilioRestClient client = Common.Client();
        List<List<string>> found = [];
        using Stream input = Console.OpenStandardInput();
        foreach (JsonElement wanted in JsonDocument.Parse(input).RootElement.EnumerateArray())
        {
            List<BindingResource.BindingTypeEnum>? types = Texts(wanted, "binding_type")?.ConvertAll(Named);
            int? pageSize = wanted.TryGetProperty("page_size", out JsonElement size) ? size.GetInt32() : null;
            found.Add(Common.Sids(
                BindingResource.Read(arguments[0], types, Texts(wanted, "identity"), pageSize, client: client)));
        }
        return found;
    }

    private static BindingResource.BindingTypeEnum Named(string name) => name;

    private static List<string>? Texts(JsonElement wanted, string name)
    {
        if (!wanted.TryGetProperty(name, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.String ? [value.GetString()!] : value.Deserialize<List<string>>();
    }
}
