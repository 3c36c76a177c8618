using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hosts;

public sealed class StartTests
{
    private readonly string table = TestStorage.NewTableName();

    [SkippableTheory]
    [InlineDataInFull("http://0.0.0.0:{0}")]
    [InlineDataInFull("http://*:{0}")]
    [InlineDataInFull("http://[::]:{0}")]
    [InlineData("http://127.0.0.1:{0};http://0.0.0.0:{0}")]
    public async Task Host_refuses_to_start_when_an_address_is_not_loopback(string format)
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        var urls = format.Replace("{0}", $"{LocalHostProcess.FreePort()}", StringComparison.Ordinal);
        await using var host = await LocalHostProcess.LaunchAsync(table, urls);

        Assert.Equal(1, await host.ExitAsync());

        Assert.Equal("", host.Output);
        Assert.Contains(urls.Split(';')[^1], host.Errors, StringComparison.Ordinal);
        Assert.Contains("loopback only", host.Errors, StringComparison.Ordinal);
        Assert.Single(host.Errors.Split('\n')); // a message, not a stack trace
    }

    /// <summary>What the web server would throw for, with a stack trace.</summary>
    [SkippableTheory]
    [InlineData("https://localhost:{0}", "certificate")]
    [InlineDataInFull("http://localhost:{0}/path", "path")]
    [InlineData("http://127.0.0.1:{0};http://localhost:{0}", "in use")]
    public async Task Host_says_in_one_line_why_it_cannot_listen(string format, string reason)
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        var urls = format.Replace("{0}", $"{LocalHostProcess.FreePort()}", StringComparison.Ordinal);
        // A developer's own certificate must not be found.
        await using var host = await LocalHostProcess.LaunchAsync(table, urls, $"HOME={Directory.CreateTempSubdirectory("sse-home-").FullName}");

        Assert.Equal(1, await host.ExitAsync());

        Assert.Equal("", host.Output);
        Assert.Contains(urls, host.Errors, StringComparison.Ordinal);
        Assert.Contains(reason, host.Errors, StringComparison.Ordinal);
        Assert.Single(host.Errors.Split('\n'));
    }

    /// <summary>The README's lines, on a fresh start.</summary>
    [SkippableFact]
    public async Task Host_makes_tokens_with_a_key_of_its_own_and_says_so_when_none_is_set()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await LocalHostProcess.StartAsync(table, "Access__AnonymousTopics__0=clock");
        using var minted = await host.Client.PostAsJsonAsync("tokens", new { topics = (string[])["orders.*"], lifetimeSeconds = 600 }).WaitAsync(SseStream.Timeout);
        var token = (await minted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString();

        using var granted = await host.Client.SendUntilAvailableAsync(() => new(HttpMethod.Get, $"topics/orders.eu?token={token}"));
        using var refused = await host.Client.GetAsync("topics/orders.eu").WaitAsync(SseStream.Timeout);
        using var open = await host.Client.SendUntilAvailableAsync(() => new(HttpMethod.Get, "topics/clock"));

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.OK),
            (granted.StatusCode, refused.StatusCode, open.StatusCode));
        Assert.Contains("Tokens are signed with a random key, made for this run", host.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Host_says_what_runs_where_and_what_to_try()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await LocalHostProcess.StartAsync(
            table, "Logging__LogLevel__SseFunctions=Error", "Logging__LogLevel__Microsoft.AspNetCore.Server.Kestrel=Error"); // a busy host logs warnings after these lines

        await host.TerminateAsync();

        var root = host.BaseAddress.OriginalString;
        Assert.Equal(
            [
                $"Events: table {table} in the storage of EventLog__ConnectionString",
                $"Demo page: {root}demo",
                "",
                "Three things to try in another terminal, with the demo page open:",
                $"  curl -N {root}events/clock",
                $"  curl {root}events/demo -H 'Content-Type: text/plain' -d 'Hello'",
                $"  curl -N '{root}events/demo?from=start'",
            ],
            host.Output.Split('\n')[^7..]);
    }

    [SkippableFact]
    public async Task Host_names_every_fault_and_no_secret_when_settings_are_wrong()
    {
        const string Secret = "AccountKey-that-nobody-may-see";
        string[] wrong =
        [
            "EventLog__TableName=1st", "Stream__Lifetime=00:10:00", "Stream__MaxStreams=many", "Stream__Lifetme=00:01:00",
            "Retention__MaxEvents=0", "ClockSchedule=every second", "Access__AnonymousTopics=orders,*wrong",
        ];
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await LocalHostProcess.LaunchAsync(
            table, $"http://127.0.0.1:{LocalHostProcess.FreePort()}", [.. wrong, $"EventLog__ConnectionString={Secret}"]);

        Assert.Equal(1, await host.ExitAsync());

        Assert.Equal("", host.Output);
        var faults = host.Errors.Split('\n')[1..];
        Assert.Equal(wrong.Length + 1, faults.Length);
        foreach (var name in wrong.Select(setting => setting.Split('=')[0]).Append("EventLog__ConnectionString"))
            Assert.Single(faults, fault => fault.TrimStart().StartsWith($"{name} is ", StringComparison.Ordinal));

        foreach (var value in (string[])["'1st'", "'00:10:00'", "'many'", "'0'", "'every second'", "'*wrong'"])
            Assert.Contains(value, host.Errors, StringComparison.Ordinal);

        Assert.DoesNotContain(Secret, host.Errors, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Host_refuses_a_request_when_it_is_addressed_by_a_foreign_name()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await TestHost.StartOnAsync(table);
        using var request = new HttpRequestMessage(HttpMethod.Get, "health");
        request.Headers.Host = "rebound.example"; // a page of that name whose address has become 127.0.0.1

        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }
}
