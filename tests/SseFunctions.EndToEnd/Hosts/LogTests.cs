using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hosts;

/// <summary>Nothing that opens a topic, and nothing that is published, gets into a log, however much is logged.</summary>
public sealed class LogTests
{
    private const string FunctionKey = "planted-function-key";
    private const string Payload = "planted-payload";
    private const string Malformed = "planted-in-what-cannot-be-parsed";

    private static readonly string[] LogEverything =
    [
        "ASPNETCORE_ENVIRONMENT=Development",
        "Logging__Console__FormatterOptions__IncludeScopes=true",
        .. new[]
        {
            "Default", "SseFunctions", "Azure", "System", "Microsoft", "Microsoft.AspNetCore", "Microsoft.AspNetCore.Hosting.Diagnostics",
            "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Server.Kestrel.BadRequests", "Microsoft.AspNetCore.Server.Kestrel.Connections",
            "Microsoft.AspNetCore.Routing", "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Cors", "Microsoft.IdentityModel",
        }.SelectMany(category => new[] { $"Logging__LogLevel__{category}=Trace", $"Logging__Console__LogLevel__{category}=Trace" }),
    ];

    [SkippableFact]
    public async Task Log_has_no_token_no_key_and_no_payload_when_everything_is_logged()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await LocalHostProcess.StartAsync(
            TestStorage.NewTableName(),
            [.. LogEverything, "Access__AnonymousTopics=", $"Access__SigningKey={SignedToken.Key}", $"EventLog__ConnectionString={storage.ConnectionString}"]);
        var expired = SignedToken.For(DateTimeOffset.UtcNow.AddHours(-1), "*");
        var foreign = SignedToken.Make(SignedToken.Header, SignedToken.Claims(DateTimeOffset.UtcNow.AddHours(1), "*"), "a key that is not the host's, of 32 bytes and more");
        var minted = await MintAsync(host.Client);

        await PublishAndReadAsync(host.Client, minted);
        foreach (var token in (string[])[expired, foreign, $"{Malformed}.a.b", minted])
            await SendAsync(host.Client, HttpMethod.Get, $"events/other?mode=poll&token={token}&code={FunctionKey}", token);

        await SendAsync(host.Client, HttpMethod.Get, $"no-such-route?token={minted}&code={FunctionKey}", minted);
        await SendAsync(host.Client, HttpMethod.Put, $"events/a?token={minted}&code={FunctionKey}", minted);
        await SendAsync(host.Client, HttpMethod.Post, $"tokens?code={FunctionKey}", minted, $$"""{"topics":["{{Malformed}} {{minted}}"]}""", "application/json");
        await SendAsync(host.Client, HttpMethod.Post, $"events/a?code={FunctionKey}", minted, $$"""{"{{Payload}}":""", "application/json");
        await SendAsync(host.Client, HttpMethod.Post, $"events/a?code={FunctionKey}", minted, new string('x', 70_000) + Payload, "text/plain");
        await SendRawAsync(host.BaseAddress, $"GET /api/events/a?token={minted}&code={FunctionKey}&x={Malformed} HTTP/9.9\r\nHost: localhost\r\n\r\n");
        await SendRawAsync(host.BaseAddress, $"GET /api/events/a?token={minted} {Malformed} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await SendRawAsync(host.BaseAddress, $"GET /api/health HTTP/1.1\r\nHost: localhost\r\nAuthorization : Bearer {minted}\r\nCookie sse_token={minted}; {Malformed}\r\n\r\n");
        await SendRawAsync(host.BaseAddress, $"GET /api/health HTTP/1.1\r\nHost: localhost\r\nx-functions-key: {FunctionKey}\r\nCookie: sse_token={minted}\0{Malformed}\r\n\r\n");
        storage.Intercept = call =>
        {
            call.Reset();
            return Task.CompletedTask;
        };
        await SendAsync(host.Client, HttpMethod.Get, $"topics/a?token={minted}&code={FunctionKey}", minted);
        await host.TerminateAsync();

        var log = host.Output + host.Errors;
        Assert.Contains("dbug: ", log, StringComparison.Ordinal); // it logs, and to the end
        Assert.Contains("A stream of topic a ended", log, StringComparison.Ordinal);
        Assert.Contains("A request was answered 503", log, StringComparison.Ordinal);
        foreach (var secret in (string[])[SignedToken.Key, minted, .. minted.Split('.')[1..], .. expired.Split('.')[1..], .. foreign.Split('.')[1..], FunctionKey, Payload, Malformed])
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
    }

    private static async Task<string> MintAsync(HttpClient client)
    {
        using var answer = await client.PostAsJsonAsync($"tokens?code={FunctionKey}", new { topics = (string[])["a"] }).WaitAsync(SseStream.Patience);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }

    private static async Task PublishAndReadAsync(HttpClient client, string token)
    {
        using (var answer = await client.PostAsync($"events/a?code={FunctionKey}&type={Payload}", new StringContent(Payload)).WaitAsync(SseStream.Patience))
            answer.EnsureSuccessStatusCode();

        await using var stream = await SseStream.OpenAsync(client, $"events/a?mode=poll&from=start&token={token}");
        Assert.Equal(Payload, (await stream.ReadEventAsync())!.Data);
        await stream.ReadToEndAsync();
    }

    private static async Task SendAsync(HttpClient client, HttpMethod method, string path, string token, string? body = null, string? contentType = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("x-functions-key", FunctionKey);
        request.Headers.Add("Cookie", $"sse_token={token}");
        if (!path.Contains("token=", StringComparison.Ordinal))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);

        if (body is not null)
            request.Content = new StringContent(body, new MediaTypeHeaderValue(contentType!));

        using var answer = await client.SendAsync(request).WaitAsync(SseStream.Patience);
        Assert.NotEqual(500, (int)answer.StatusCode);
    }

    private static async Task SendRawAsync(Uri baseAddress, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(baseAddress.Host, baseAddress.Port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(client.GetStream());
        Assert.StartsWith("HTTP/1.1 ", await reader.ReadLineAsync().WaitAsync(SseStream.Patience), StringComparison.Ordinal);
    }
}
