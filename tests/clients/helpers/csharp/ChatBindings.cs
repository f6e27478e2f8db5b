using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Xunit;

/// <summary>A server for a test run. It ends with this process, even when that is killed.</summary>
public sealed class ChatBindings
{
    private const string Options = "--control --port 0 --announce - --end-with-stdin --no-docs --log-level warning";
    private static readonly HttpClient Http = new();
    private readonly Process process; // which holds the standard input of the server open
    private readonly JsonElement announced;
    private long since;

    /// <summary>Starts a server. Its world is "--demo", or "--world" and a file.</summary>
    public ChatBindings(params string[] world)
    {
        process = Process.Start(new ProcessStartInfo("chat-bindings", ["serve", .. world, .. Options.Split(' ')])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        announced = JsonDocument.Parse(process.StandardOutput.ReadLine() ?? "").RootElement;
    }

    /// <summary>What the server announced, such as "url" or "account_sid".</summary>
    public string this[string name] => announced.GetProperty(name).GetString()!;

    /// <summary>Makes the server what it was at its start: for the constructor of a test class.</summary>
    public void Reset() => Control(HttpMethod.Post, "/reset");

    /// <summary>Replaces the rules of faults, until the end of the test.</summary>
    public void SetFaults(params object[] rules) => Control(HttpMethod.Put, "/faults", new { rules });

    /// <summary>The requests that came since the last call, or since the start of the test.</summary>
    public JsonElement[] Requests()
    {
        JsonElement list = Control(HttpMethod.Get, $"/requests?since={since}");
        since = list.GetProperty("last").GetInt64();
        return [.. list.GetProperty("requests").EnumerateArray()];
    }

    /// <summary>Asserts which requests came since then, such as "listBindings 200".</summary>
    public void AssertRequests(params string[] expected)
    {
        var came = Requests().Select(each => $"{each.GetProperty("operation")} {each.GetProperty("status")}");
        Assert.Equal(expected.ToList(), came.ToList());
    }

    private JsonElement Control(HttpMethod method, string path, object? body = null)
    {
        using HttpRequestMessage request = new(method, this["control_url"] + path);
        request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = Http.Send(request);
        string text = new StreamReader(answer.Content.ReadAsStream()).ReadToEnd();
        Assert.True(answer.IsSuccessStatusCode, text);
        return text == "" ? default : JsonDocument.Parse(text).RootElement;
    }
}
