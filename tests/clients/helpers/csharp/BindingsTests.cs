using Twilio.Clients;
using Twilio.Exceptions;
using Twilio.Rest.Chat.V2.Service;
using Xunit;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

/// <summary>The official SDK on the helper: what it makes of faults, and what it sends.</summary>
public sealed class BindingsTests
{
    private const string First = "BS00000000000000000000000000000001";

    private static readonly ChatBindings Server = new("--world", Environment.GetEnvironmentVariable("WORLD")!);

    private readonly string service = Server["service_sid"];
    private readonly TwilioRestClient client =
        Loopback.ClientAt(Server["url"], Server["account_sid"], Server["auth_token"]);

    public BindingsTests() => Server.Reset();

    [Fact]
    public void A_list_that_failed_once_is_right_when_it_is_asked_for_again()
    {
        Server.SetFaults(new { operation = "listBindings", first = 1, code = 503 });
        ApiException error = Assert.Throws<ApiException>(() => Identities());
        Assert.Equal((503, 20503), (error.Status, error.Code));
        Assert.Equal(3, Identities().Count);
        Server.AssertRequests("listBindings 503", "listBindings 200");
    }

    [Fact]
    public void A_walk_asks_for_each_page()
    {
        Assert.Equal(new List<string> { "alice", "alice", "a,b" }, Identities(pageSize: 1));
        Server.AssertRequests("listBindings 200", "listBindings 200", "listBindings 200");
    }

    [Fact]
    public void A_filter_is_sent_as_one_value()
    {
        Assert.Single(Identities(["a,b"]));
        Assert.Equal("Identity=a%2Cb", Server.Requests()[0].GetProperty("query").GetString());
    }

    [Theory]
    [InlineData("one test")]
    [InlineData("the next, which finds it again")]
    public void A_deletion(string run)
    {
        Assert.True(BindingResource.Delete(service, First, client), run);
        Server.AssertRequests("deleteBinding 204");
        Assert.Equal(404, Assert.Throws<ApiException>(() => BindingResource.Fetch(service, First, client)).Status);
        Server.AssertRequests("fetchBinding 404");
    }

    private List<string> Identities(List<string>? identity = null, int? pageSize = null) =>
        BindingResource.Read(service, identity: identity, pageSize: pageSize, client: client)
            .Select(each => each.Identity)
            .ToList();
}
