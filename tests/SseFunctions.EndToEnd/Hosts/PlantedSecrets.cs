using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hosts;

/// <summary>Requests to a host that carry everything that must not get into a log.</summary>
/// <param name="client">A client without a key of its own.</param>
/// <param name="storage">The proxy before the host's storage.</param>
internal sealed class PlantedSecrets(HttpClient client, StorageProxy storage)
{
    public const string FunctionKey = "planted-function-key";
    private const string Payload = "planted-payload";
    private const string Malformed = "planted-in-what-cannot-be-parsed";

    private static readonly string[] Categories =
    [
        "Default", "SseFunctions", "Azure", "System", "Microsoft", "Microsoft.AspNetCore", "Microsoft.AspNetCore.Hosting.Diagnostics",
        "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Server.Kestrel.BadRequests", "Microsoft.AspNetCore.Server.Kestrel.Connections",
        "Microsoft.AspNetCore.Routing", "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Cors", "Microsoft.IdentityModel",
    ];

    private readonly string expired = SignedToken.For(DateTimeOffset.UtcNow.AddHours(-1), "*");
    private readonly string foreign = SignedToken.Make(SignedToken.Header, SignedToken.Claims(DateTimeOffset.UtcNow.AddHours(1), "*"), "a key that is not the host's, of 32 bytes and more");
    private string minted = "";

    /// <summary>The settings of a host that logs everything, and to which the requests are sent.</summary>
    public static string[] Settings(StorageProxy storage) =>
    [
        "ASPNETCORE_ENVIRONMENT=Development",
        "Logging__Console__FormatterOptions__IncludeScopes=true",
        .. Categories.SelectMany(category => (string[])[$"Logging__LogLevel__{category}=Trace", $"Logging__Console__LogLevel__{category}=Trace"]),
        "Access__AnonymousTopics=",
        $"Access__SigningKey={SignedToken.Key}",
        storage.Setting,
    ];

    /// <summary>Sends them, good and bad; storage answers none of the last.</summary>
    public async Task SendAsync()
    {
        minted = await MintAsync();
        await PublishAndReadAsync();
        foreach (var token in (string[])[expired, foreign, $"{Malformed}.a.b", minted])
            await SendAsync(HttpMethod.Get, $"events/other?mode=poll&token={token}&code={FunctionKey}", token);

        await SendAsync(HttpMethod.Get, $"no-such-route?token={minted}&code={FunctionKey}", minted);
        await SendAsync(HttpMethod.Put, $"events/a?token={minted}&code={FunctionKey}", minted);
        await SendAsync(HttpMethod.Post, $"tokens?code={FunctionKey}", minted, $$"""{"topics":["{{Malformed}} {{minted}}"]}""", "application/json");
        await SendAsync(HttpMethod.Post, $"events/a?code={FunctionKey}", minted, $$"""{"{{Payload}}":""", "application/json");
        await SendAsync(HttpMethod.Post, $"events/a?code={FunctionKey}", minted, new string('x', 70_000) + Payload, "text/plain");
        await SendRawAsync($"GET /api/events/a?token={minted}&code={FunctionKey}&x={Malformed} HTTP/9.9\r\nHost: localhost\r\n\r\n");
        await SendRawAsync($"GET /api/events/a?token={minted} {Malformed} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await SendRawAsync($"GET /api/health HTTP/1.1\r\nHost: localhost\r\nAuthorization : Bearer {minted}\r\nCookie sse_token={minted}; {Malformed}\r\n\r\n");
        await SendRawAsync($"GET /api/health HTTP/1.1\r\nHost: localhost\r\nx-functions-key: {FunctionKey}\r\nCookie: sse_token={minted}\0{Malformed}\r\n\r\n");
        storage.Intercept = call =>
        {
            call.Reset();
            return Task.CompletedTask;
        };
        await SendAsync(HttpMethod.Get, $"topics/a?token={minted}&code={FunctionKey}", minted);
    }

    /// <summary>Asserts that the requests have been logged, and none of the secrets.</summary>
    public void AssertNotIn(string log)
    {
        Assert.Contains("A stream of topic a ended", log, StringComparison.Ordinal);
        Assert.Contains("A request was answered 503", log, StringComparison.Ordinal);
        foreach (var secret in (string[])[SignedToken.Key, minted, .. minted.Split('.')[1..], .. expired.Split('.')[1..], .. foreign.Split('.')[1..], FunctionKey, Payload, Malformed])
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
    }

    private async Task<string> MintAsync()
    {
        using var answer = await client.PostAsJsonAsync($"tokens?code={FunctionKey}", new { topics = (string[])["a"] }).WaitAsync(SseStream.Timeout);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }

    private async Task PublishAndReadAsync()
    {
        using (var answer = await client.PostAsync($"events/a?code={FunctionKey}&type={Payload}", new StringContent(Payload)).WaitAsync(SseStream.Timeout))
            answer.EnsureSuccessStatusCode();

        var frames = await SseStream.PollAsync(client, $"events/a?mode=poll&from=start&token={minted}");
        Assert.Equal(Payload, SseMessage.In(frames).First().Data);
    }

    private async Task SendAsync(HttpMethod method, string path, string token, string? body = null, string? contentType = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("x-functions-key", FunctionKey);
        request.Headers.Add("Cookie", $"sse_token={token}");
        if (!path.Contains("token=", StringComparison.Ordinal))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);

        if (body is not null)
            request.Content = new StringContent(body, new MediaTypeHeaderValue(contentType!));

        using var answer = await client.SendAsync(request).WaitAsync(SseStream.Timeout);
        Assert.NotEqual(500, (int)answer.StatusCode);
    }

    private async Task SendRawAsync(string request)
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(client.BaseAddress!.Host, client.BaseAddress.Port);
        await connection.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(connection.GetStream());
        Assert.StartsWith("HTTP/1.1 ", await reader.ReadLineAsync().WaitAsync(SseStream.Timeout), StringComparison.Ordinal);
    }
}
