// Use the generated client as its reader would, and print what it gives, a JSON document on each line.

using System.Text.Json;
using System.Web;
using ChatBindings.Api;
using ChatBindings.Client;
using ChatBindings.Extensions;
using ChatBindings.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

string service = Setting("SERVICE_SID");
string sid = Setting("BINDING_SID");
using IHost host = HostAs(Setting("AUTH_TOKEN"));
IBindingsApi api = host.Services.GetRequiredService<IBindingsApi>();

foreach (JsonElement each in JsonDocument.Parse(File.ReadAllText(Setting("CASES"))).RootElement.EnumerateArray())
{
    Option<List<BindingType>> types = Texts(each, "types") is List<string> named
        ? new(named.ConvertAll(BindingTypeValueConverter.FromString))
        : default;
    Option<List<string>> identities = Texts(each, "identities") is List<string> users ? new(users) : default;
    IListBindingsApiResponse answer = await api.ListBindingsAsync(each.GetProperty("service").GetString()!, types, identities);
    string name = each.GetProperty("case").GetString()!;
    if (answer.TryOk(out BindingList? found))
        Tell("case", new() { ["case"] = name, ["bindings"] = found.Bindings.ConvertAll(Properties) });
    else
        Tell("case", new() { ["case"] = name, ["http"] = (int)answer.StatusCode, ["text"] = answer.RawContent });
}

List<BindingList> walk = [];
string? token = null;
do
{
    Option<string> position = token is null ? default : new Option<string>(token);
    IListBindingsApiResponse answer =
        await api.ListBindingsAsync(service, pageSize: int.Parse(Setting("PAGE_SIZE")), pageToken: position);
    if (!answer.TryOk(out BindingList? page))
        throw new InvalidOperationException(answer.RawContent);
    walk.Add(page);
    string? next = page.Meta.NextPageUrl;
    token = next is null ? null : HttpUtility.ParseQueryString(new Uri(next).Query)["PageToken"];
} while (token is not null);
Tell("walked", new() { ["pages"] = walk.ConvertAll(page => page.Bindings.ConvertAll(each => each.Sid)) });
PageMeta meta = walk[0].Meta;
Tell("meta", new()
{
    ["page"] = meta.Page,
    ["page_size"] = meta.PageSize,
    ["first"] = meta.PreviousPageUrl is null,
    ["key"] = meta.Key,
});

IFetchBindingApiResponse fetched = await api.FetchBindingAsync(service, sid);
if (!fetched.TryOk(out Binding? binding))
    throw new InvalidOperationException(fetched.RawContent);
Tell("fetched", new() { ["binding"] = Properties(binding) });
await api.DeleteBindingAsync(service, sid);
fetched = await api.FetchBindingAsync(service, sid);
fetched.TryNotFound(out Error? error);
TellError("fetched again", (int)fetched.StatusCode, error);
IDeleteBindingApiResponse deleted = await api.DeleteBindingAsync(service, sid);
deleted.TryNotFound(out error);
TellError("deleted again", (int)deleted.StatusCode, error);
IListBindingsApiResponse refused = await api.ListBindingsAsync(service, pageSize: 1001);
refused.TryBadRequest(out error);
TellError("too large", (int)refused.StatusCode, error);
using IHost stranger = HostAs(new string('0', 32));
refused = await stranger.Services.GetRequiredService<IBindingsApi>().ListBindingsAsync(service);
refused.TryUnauthorized(out error);
TellError("unauthorized", (int)refused.StatusCode, error);

static string Setting(string name) =>
    Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set");

static IHost HostAs(string password)
{
    HostApplicationBuilder builder = Host.CreateApplicationBuilder();
    builder.Logging.ClearProviders();
    builder.ConfigureApi(options =>
    {
        options.AddTokens(new BasicToken(Setting("ACCOUNT_SID"), password));
        options.AddApiHttpClients(client => client.BaseAddress = new Uri(Setting("BASE_URL")));
    });
    return builder.Build();
}

static List<string>? Texts(JsonElement each, string name) => each.GetProperty(name).Deserialize<List<string>>();

static string? Iso(DateTime? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

static Dictionary<string, object?> Properties(Binding binding) => new()
{
    ["sid"] = binding.Sid,
    ["account_sid"] = binding.AccountSid,
    ["service_sid"] = binding.ServiceSid,
    ["date_created"] = Iso(binding.DateCreated),
    ["date_updated"] = Iso(binding.DateUpdated),
    ["endpoint"] = binding.Endpoint,
    ["identity"] = binding.Identity,
    ["binding_type"] = binding.BindingType,
    ["credential_sid"] = binding.CredentialSid,
    ["message_types"] = binding.MessageTypes,
    ["url"] = binding.Url,
    ["user"] = binding.Links?.User,
};

static void TellError(string step, int http, Error? error) => Tell(step, new()
{
    ["http"] = http,
    ["code"] = error?.Code,
    ["message"] = error?.Message,
    ["info"] = error?.MoreInfo,
    ["status"] = error?.Status,
});

static void Tell(string step, Dictionary<string, object?> told)
{
    told["step"] = step;
    Console.WriteLine(JsonSerializer.Serialize(told));
}
