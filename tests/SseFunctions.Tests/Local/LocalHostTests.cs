using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SseFunctions.Local;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Local;

/// <summary>What the local host answers, and to whom.</summary>
public sealed class LocalHostTests(LocalHostTests.OneHost one) : IClassFixture<LocalHostTests.OneHost>
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("app.localhost")]
    [InlineData("a.b.localhost:7071")]
    public async Task Host_answers_to_the_names_of_loopback(string name) => Assert.StartsWith("HTTP/1.1 200 ", await GetAsync(one.Host, name), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("rebound.example")]
    [InlineData("localhost.example")]
    [InlineData("notlocalhost")]
    public async Task Host_refuses_a_foreign_name_and_none(string name) => Assert.StartsWith("HTTP/1.1 400 ", await GetAsync(one.Host, name), StringComparison.Ordinal);

    [SkippableFact]
    public async Task Host_answers_at_each_address_of_loopback()
    {
        Skip.If(OperatingSystem.IsMacOS(), "macOS has 127.0.0.1 alone.");
        await using var host = await TestHost.StartAsync(["urls=http://127.0.0.2:0"]);

        using var answer = await host.Client.GetAsync("health");

        Assert.Equal(("127.0.0.2", HttpStatusCode.OK), (host.Client.BaseAddress!.Host, answer.StatusCode));
    }

    [Theory]
    [InlineData("http://localhost:0")]
    [InlineData("http://app.localhost:0")]
    public async Task Host_takes_a_free_port_of_a_name(string url)
    {
        await using var host = await TestHost.StartAsync([$"urls={url}"]);

        using var answer = await host.Client.GetAsync("health");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Host_answers_to_the_name_that_it_listens_on()
    {
        var port = LocalHostProcess.FreePort();
        await using var host = await TestHost.StartAsync([$"urls=http://app.localhost:{port}"]);

        Assert.StartsWith("HTTP/1.1 200 ", await GetAsync(port, $"app.localhost:{port}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Root_leads_to_the_demo_page(string method)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(one.Host.Client.BaseAddress!, "/"));

        using var answer = await client.SendAsync(request);

        Assert.Equal((HttpStatusCode.Redirect, "/api/demo"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
    }

    [Fact]
    public async Task Answers_do_not_name_the_server()
    {
        using var answer = await one.Host.Client.GetAsync("health");

        Assert.Empty(answer.Headers.Server);
    }

    [Fact]
    public void Largest_body_has_the_time_that_Azures_front_end_gives_it()
    {
        var rate = one.Host.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.MinRequestBodyDataRate;

        Assert.NotNull(rate);
        Assert.InRange(PublishBody.MaxBatchBytes / rate.BytesPerSecond, 200, 230);
    }

    [Fact]
    public void RunKey_is_drawn_anew_where_no_key_is_set_and_only_there()
    {
        var (one, other) = (new ConfigurationManager(), new ConfigurationManager());

        Assert.True(RunKey.AddTo(one));
        Assert.True(RunKey.AddTo(other));
        Assert.NotEqual(one["Access:SigningKey"], other["Access:SigningKey"]);
        Assert.Equal(32, Convert.FromBase64String(one["Access:SigningKey"]!).Length);

        Assert.False(RunKey.AddTo(new ConfigurationManager { ["Access:SigningKey"] = "mine" }));
        Assert.False(RunKey.AddTo(new ConfigurationManager { ["Access:PreviousSigningKey"] = "mine" }));
    }

    private static Task<string?> GetAsync(TestHost host, string name) => GetAsync(host.Client.BaseAddress!.Port, name);

    /// <summary>The status line, for a Host header that no client would send.</summary>
    private static async Task<string?> GetAsync(int port, string name)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /api/health HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadLineAsync().WaitAsync(SseStream.Timeout);
    }

    public sealed class OneHost() : SharedHost;
}
