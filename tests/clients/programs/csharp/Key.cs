using Twilio.Clients;
using Twilio.Rest.Chat.V2.Service;

/// <summary>Gives the SIDs of the Bindings that an API key may list.</summary>
internal static class Key
{
    public static object Run(string[] arguments)
    {
        TwilioRestClient client = new(
            Common.Setting("TWILIO_API_KEY"), Common.Setting("TWILIO_API_SECRET"), Common.Setting("TWILIO_ACCOUNT_SID"));
        return Common.Sids(BindingResource.Read(arguments[0], client: client));
    }
}
