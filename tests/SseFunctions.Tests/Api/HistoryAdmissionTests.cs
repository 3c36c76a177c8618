using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Streaming;
using SseFunctions.Tests.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>Pages of history are read and held only so many at a time, whoever does not take theirs.</summary>
public sealed class HistoryAdmissionTests : IAsyncLifetime
{
    private const string Path = "topics/a/events";

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private readonly List<Socket> holders = [];
    private TestHost host = null!;

    private FairGate Pages => host.Services.GetRequiredService<HistoryReader>().Pages;

    /// <summary>As many clients as pages may be at a time have the beginning of one each, and take no more.</summary>
    public async Task InitializeAsync()
    {
        await using var first = await TestHost.StartAsync(); // makes the table, which takes more than a clock that stands still
        await first.PublishAsync("a", [.. Enumerable.Repeat(new string('\u0001', 60_000), 4)]); // six bytes of the page each
        host = await TestHost.StartAsync(time: time, table: first.Table);
        await Task.WhenAll(Enumerable.Range(0, HistoryReader.MaxPages).Select(_ => HoldAsync()));
    }

    public async Task DisposeAsync()
    {
        holders.ForEach(holder => holder.Dispose());
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Page_comes_when_another_has_been_taken_or_left()
    {
        var asked = host.Client.GetAsync(Path);
        await Pages.WaitForWaitingAsync(1);
        Assert.False(asked.IsCompleted);

        holders[0].Dispose();

        using var answer = await asked.WaitAsync(SseStream.Timeout);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Page_that_waits_for_5_s_is_answered_503()
    {
        var asked = host.Client.GetAsync(Path);
        await Pages.WaitForWaitingAsync(1);

        time.Advance(TimeSpan.FromSeconds(5));
        using var answer = await asked.WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("Too many reads", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter?.Delta);
        Assert.Equal(0, Pages.Waiting);
    }

    [Fact]
    public async Task Client_that_leaves_while_it_waits_leaves_the_queue()
    {
        using var leaves = new CancellationTokenSource();
        var asked = host.Client.GetAsync(Path, leaves.Token);
        await Pages.WaitForWaitingAsync(1);

        await leaves.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await Pages.WaitForWaitingAsync(0);
    }

    private async Task HoldAsync()
    {
        var uri = new Uri(host.BaseAddress, Path);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        lock (holders)
            holders.Add(socket);

        await socket.ConnectAsync(uri.Host, uri.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {uri.PathAndQuery} HTTP/1.1\r\nHost: {uri.Authority}\r\n\r\n"));
        Assert.Equal(1, await socket.ReceiveAsync(new byte[1], SocketFlags.Peek).WaitAsync(SseStream.Timeout));
    }
}
