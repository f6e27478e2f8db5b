using Twilio.Clients;
using Twilio.Exceptions;
using Twilio.Rest.Chat.V2.Service;

/// <summary>Tells what the SDK's own exception says, in each case in which it should be thrown.</summary>
internal static class Errors
{
    public static object Run(string[] arguments)
    {
        TwilioRestClient client = Common.Client();
        TwilioRestClient stranger = new(Common.Setting("TWILIO_ACCOUNT_SID"), new string('0', 32));
        string service = arguments[0], absentService = arguments[1], absent = arguments[2], foreignService = arguments[3];

        return new Dictionary<string, object?>
        {
            ["fetch of an absent binding"] = Thrown(() => BindingResource.Fetch(service, absent, client)),
            ["delete of an absent binding"] = Thrown(() => BindingResource.Delete(service, absent, client)),
            ["fetch of a malformed SID"] = Thrown(() => BindingResource.Fetch(service, "nothing", client)),
            ["list of an absent service"] = Thrown(() => BindingResource.Read(absentService, client: client)),
            ["list of another account's service"] = Thrown(() => BindingResource.Read(foreignService, client: client)),
            ["fetch with a wrong token"] = Thrown(() => BindingResource.Fetch(service, absent, stranger)),
            ["delete with a wrong token"] = Thrown(() => BindingResource.Delete(service, absent, stranger)),
            ["list with a wrong token"] = Thrown(() => BindingResource.Read(service, client: stranger)),
            ["list with a limit over the largest page"] =
                Thrown(() => BindingResource.Read(service, limit: 2000, client: client).ToList()),
            ["list with a limit over it, and a page size"] =
                Thrown(() => BindingResource.Read(service, pageSize: 1000, limit: 2000, client: client).ToList()),
        };
    }

    private static object? Thrown(Func<object> request)
    {
        try
        {
            request();
        }
        catch (ApiException error)
        {
            return new Dictionary<string, object>
            {
                ["code"] = error.Code,
                ["status"] = error.Status,
                ["message"] = error.Message,
            };
        }
        return null;
    }
}
