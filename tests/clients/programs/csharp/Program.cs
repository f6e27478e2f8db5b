// The programs of this folder, as one: the first argument names the program, the others are its own.

using System.Text.Json;
using Twilio.Clients;
using Twilio.Rest.Chat.V2.Service;

object result = args[0] switch
{
    "errors" => Errors.Run(args[1..]),
    "filters" => Filters.Run(args[1..]),
    "key" => Key.Run(args[1..]),
    "read" => Read.Run(args[1..]),
    "walk" => Walk.Run(args[1..]),
    _ => throw new ArgumentException($"there is no program {args[0]}"),
};
Console.Out.Write(JsonSerializer.Serialize(result));

/// <summary>What the programs share.</summary>
internal static class Common
{
    public static TwilioRestClient Client() => new(Setting("TWILIO_ACCOUNT_SID"), Setting("TWILIO_AUTH_TOKEN"));

    public static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set");

    public static List<string> Sids(IEnumerable<BindingResource> bindings) => bindings.Select(each => each.Sid).ToList();
}
