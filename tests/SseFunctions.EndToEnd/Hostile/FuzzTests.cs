using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>Whatever a client sends, the host answers it as the client's fault, goes on, and keeps its memory.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private static readonly int Requests = Thoroughness.Choose(brief: 2_000, full: 20_000);
    private const int Clients = 16;

    /// <summary>How often a request is sent again that is answered 503.</summary>
    private const int Repeats = 5;

    /// <summary>Of the answer. It is enough for the status, and too little for a stream to be read on.</summary>
    private const int ReadBytes = 4096;

    /// <summary>A request that waits for the rest of its body gets no answer: the client then leaves.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Beyond what the host has after the first requests: the frame cache's 64 MiB, buffers for 16 clients, and the collector's leisure.</summary>
    private const long MemoryGrowthBytes = 128L * 1024 * 1024;

    private readonly ConcurrentDictionary<int, int> statuses = [];
    private readonly ConcurrentQueue<string> faults = [];

    [SkippableFact]
    public async Task Host_fails_at_nothing_and_keeps_its_memory_when_requests_are_hostile()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        await using var host = await LocalHostProcess.StartAsync(
            TestStorage.NewTableName(), "Access__AnonymousTopics=clock,a*", $"Access__SigningKey={SignedToken.Key}", TestHost.NoClock);
        await SendAllAsync(host, Requests / 20, FuzzSeed.Value ^ int.MinValue);
        var warm = host.PeakMemoryBytes;
        var watch = Stopwatch.StartNew();

        await SendAllAsync(host, Requests, FuzzSeed.Value);

        var peak = host.PeakMemoryBytes;
        output.WriteLine($"{FuzzSeed.Hint} {Requests} requests in {watch.Elapsed.TotalSeconds:f1} s; peak memory {warm >> 20} MiB warm, {peak >> 20} MiB at the end.");
        output.WriteLine(string.Join(", ", statuses.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}")));
        Assert.True(faults.IsEmpty, $"{FuzzSeed.Hint}\n{string.Join('\n', faults.Take(10))}");
        Assert.True(peak - warm < MemoryGrowthBytes, $"{FuzzSeed.Hint}\nPeak memory grew from {warm} to {peak} bytes.");
        // Few requests are answered 201 or 413: a brief run may have none.
        foreach (var status in (int[])[200, 201, 400, 401, 403, 404, 405, 413, 415])
            Assert.True(statuses.ContainsKey(status) || (!Thoroughness.IsFull && status is 201 or 413), $"{FuzzSeed.Hint}\nNo answer was {status}: the requests do not get far enough.");

        await AssertAliveAsync(host);
    }

    private static async Task AssertAliveAsync(LocalHostProcess host)
    {
        Assert.Equal("", host.Errors);
        Assert.DoesNotContain("fail:", host.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("unhandled exception", host.Output, StringComparison.OrdinalIgnoreCase);
        var topic = "a-" + TopicApi.NewTopic();
        await using var stream = await SseStream.OpenAsync(host.Client, $"events/{topic}?from=start");
        var id = await host.Client.PublishAsync(topic, "still alive");
        Assert.Equal(new SseMessage(id, "message", "still alive"), await stream.ReadEventAsync());
    }

    private async Task SendAllAsync(LocalHostProcess host, int count, int seed) =>
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var requests = new HostileRequest(new Random(seed + client));
            for (var i = 0; i < count / Clients; i++)
                await SendAsync(host.BaseAddress, requests.Next(host.BaseAddress.Authority));
        })));

    private async Task SendAsync(Uri baseAddress, byte[] request)
    {
        var status = await AnswerAsync(baseAddress, request);
        // Storage is slow on a machine that is; a request that makes it fail does so each time.
        for (var repeat = 0; status == 503 && repeat < Repeats; repeat++)
            status = await AnswerAsync(baseAddress, request);

        statuses.AddOrUpdate(status, 1, (_, seen) => seen + 1);
        // 505 is the web server's word on another HTTP version, 501 on a transfer coding.
        if (status is >= 500 and not (501 or 505))
            faults.Enqueue($"{status}: {Encoding.Latin1.GetString(request.AsSpan(0, Math.Min(request.Length, 500)))}");
    }

    /// <returns>The status; 0 where the host closed the connection or waits for more.</returns>
    private async Task<int> AnswerAsync(Uri baseAddress, byte[] request)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 0) };
        using var timeout = new CancellationTokenSource(AnswerTimeout);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, baseAddress.Port, timeout.Token);
            await socket.SendAsync(request, SocketFlags.None, timeout.Token);
            var (answer, length) = (new byte[ReadBytes], 0);
            while (length < 12 && await socket.ReceiveAsync(answer.AsMemory(length), SocketFlags.None, timeout.Token) is > 0 and var read)
                length += read;

            var line = Encoding.Latin1.GetString(answer, 0, Math.Min(length, 12));
            if (line.Length == 0)
                return 0;

            if (line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && int.TryParse(line.AsSpan(9), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
                return status;

            faults.Enqueue($"No answer of HTTP: {line}");
            return 0;
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException)
        {
            return 0;
        }
    }
}
