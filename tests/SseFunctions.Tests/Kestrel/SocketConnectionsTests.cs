using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Kestrel;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Kestrel;

/// <summary>Slow and hostile clients on Kestrel's own connections.</summary>
public class SocketConnectionsTests
{
    private const int EventBytes = 60_000;
    private const int Events = 60;
    private const int SmallEventBytes = 12_000;
    private const int SmallEvents = 60;

    /// <summary>TCP_QUICKACK, for the next bytes: man 7 tcp.</summary>
    private const int QuickAcknowledge = 12;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Pushed while the client reads nothing, so that most of it goes the slow way.</summary>
    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Slow_client_gets_every_byte_of_what_is_pushed_through_Kestrel(string sendsPastPipe)
    {
        await using var host = await TestHost.StartAsync([$"Stream:SendsPastPipe={sendsPastPipe}", "Stream:FlushInterval=00:00:00", "Stream:WriteTimeout=00:03:00"]);
        await host.PublishAsync("a", "the first");
        using var slow = await OpenAsync(host, "a");
        using var reader = new StreamReader(new ChunkedBody(slow.GetStream()), Encoding.UTF8);
        await ReadUntilLiveAsync(reader);
        var texts = Enumerable.Range(0, Events).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i} ") + new string((char)('a' + (i % 26)), EventBytes)).ToArray();
        await host.PublishAsync("a", texts);

        Assert.Equal("", await reader.ReadLineAsync().WaitAsync(SseStream.Timeout));
        await AssertReadsAsync(reader, texts);
    }

    /// <summary>Each small enough to go past Kestrel's HTTP layer, until the client's socket is full in the middle of one.</summary>
    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Slow_client_gets_every_byte_of_what_is_pushed_event_by_event(string sendsPastPipe)
    {
        await using var host = await TestHost.StartAsync([$"Stream:SendsPastPipe={sendsPastPipe}", "Stream:FlushInterval=00:00:00", "Stream:WriteTimeout=00:03:00"]);
        await host.PublishAsync("a", "the first");
        using var slow = await OpenAsync(host, "a");
        using var reader = new StreamReader(new ChunkedBody(slow.GetStream()), Encoding.UTF8);
        await ReadUntilLiveAsync(reader);
        var texts = Enumerable.Range(0, SmallEvents).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i} ") + new string((char)('a' + (i % 26)), SmallEventBytes)).ToArray();
        foreach (var text in texts)
            await host.PublishAsync("a", text);

        Assert.Equal("", await reader.ReadLineAsync().WaitAsync(SseStream.Timeout));
        await AssertReadsAsync(reader, texts);
    }

    /// <summary>On loopback the kernel would take 2.5 MB by itself.</summary>
    [Fact]
    public async Task Kernel_takes_little_for_a_client_that_reads_nothing()
    {
        const int PieceBytes = 16 * 1024;
        const int MaxTaken = 2 * SocketConnections.SendBufferSize + (64 * 1024); // doubled by Linux, and what the client's side takes
        var taken = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(configure: builder => builder.Services.AddSingleton<IStartupFilter>(new Flood(async context =>
        {
            var piece = new byte[PieceBytes];
            for (var i = 0; ; i++)
            {
                var write = context.Response.BodyWriter.WriteAsync(piece, context.RequestAborted);
                if (!write.IsCompleted)
                    taken.TrySetResult(i * PieceBytes); // the rest is still here

                await write;
            }
        })));
        using var client = await OpenAsync(host, "flood");

        Assert.InRange(await taken.Task.WaitAsync(SseStream.Timeout), PieceBytes, MaxTaken);
    }

    /// <summary>A phone at the edge of its network: a piece of 16 KiB takes it longer than WriteTimeout, but it never stops.</summary>
    [Fact]
    public async Task Client_that_takes_two_kilobytes_a_second_is_not_cut_off()
    {
        const int Seconds = 90;
        var time = new PatientTime();
        await using var other = await TestHost.StartAsync();
        await other.PublishAsync("a", [.. Enumerable.Repeat(new string('x', EventBytes), Events)]);
        await using var host = await TestHost.StartAsync(["Stream:WriteTimeout=00:00:06", "Stream:Lifetime=00:03:45"], time, table: other.Table);
        using var phone = await OpenAsync(host, "a?from=start");

        var bytes = new byte[2048];
        for (var i = 0; i < Seconds; i++)
        {
            if (OperatingSystem.IsLinux())
                phone.Client.SetRawSocketOption((int)SocketOptionLevel.Tcp, QuickAcknowledge, BitConverter.GetBytes(1)); // up to 40 ms would be many seconds here

            await phone.GetStream().ReadExactlyAsync(bytes).AsTask().WaitAsync(SseStream.Timeout);
            time.Advance(Second);
        }

        Assert.Equal(1, await OpenStreamsAsync(host));
    }

    /// <summary>Kestrel stops reading after a request that lasts: only writing shows that the client is gone.</summary>
    [Fact]
    public async Task Client_that_leaves_is_seen_to_leave_although_it_has_sent_more_than_its_request()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await TestHost.StartAsync(time: time);
        var client = await OpenAsync(host, "a");
        while (await OpenStreamsAsync(host) == 0)
        {
        }

        await client.GetStream().WriteAsync(new byte[SocketConnections.ReadBufferSize * 2]);
        client.Client.LingerState = new LingerOption(true, 0);
        client.Dispose();

        using var guard = new CancellationTokenSource(SseStream.Timeout);
        while (await OpenStreamsAsync(host) > 0)
        {
            guard.Token.ThrowIfCancellationRequested();
            time.Advance(15 * Second);
        }
    }

    [Fact]
    public async Task Connections_are_as_many_as_streams_and_descriptors_allow_and_read_little_ahead()
    {
        await using var host = await TestHost.StartAsync(["Stream:MaxStreams=7"]);

        var limits = host.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        var transport = host.Services.GetRequiredService<IOptions<SocketTransportOptions>>().Value;

        Assert.Equal(SocketConnections.MaxConnections(14, FileDescriptors.Limit), limits.MaxConcurrentConnections);
        Assert.Equal(64 * 1024, transport.MaxReadBufferSize);
    }

    /// <summary>Whatever the app's own rules say: Kestrel warns of each.</summary>
    [Fact]
    public async Task Connections_too_many_of_a_minute_are_two_lines_with_their_number()
    {
        const int TooMany = 50;
        using var log = new FakeLoggerProvider();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await TestHost.StartAsync(time: time, configure: builder =>
        {
            builder.Logging.AddProvider(log).AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Trace);
            builder.Services.PostConfigure<KestrelServerOptions>(kestrel => kestrel.Limits.MaxConcurrentConnections = 1);
        });
        using var only = await OpenAsync(host, "a");
        Assert.True(await only.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(SseStream.Timeout) > 0);

        for (var i = 0; i < TooMany; i++)
        {
            using var another = new TcpClient();
            await another.ConnectAsync(host.BaseAddress.Host, host.BaseAddress.Port);
            Assert.Equal(0, await another.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(SseStream.Timeout));
        }

        time.Advance(FaultTally.UsualInterval);

        Assert.Equal(
            [Line(1), Line(TooMany - 1)],
            log.WithoutLateHeartbeats().Where(record => record.Level >= LogLevel.Warning).Select(record => record.Message));

        static string Line(int count) => $"A connection was closed because there are too many ({count} connections since the last such line)";
    }

    [Theory]
    [InlineData(2000, null, 2500)]
    [InlineData(2000, 1_048_576L, 2500)]
    [InlineData(2000, 1500L, 1050)]
    [InlineData(40_000, 20_000L, 19_550)]
    [InlineData(2000, 256L, 25)]
    public void MaxConnections_is_what_streams_need_or_what_the_process_itself_leaves_of_its_descriptors(int openStreams, long? descriptors, long expected) =>
        Assert.Equal(expected, SocketConnections.MaxConnections(openStreams, descriptors));

    [Theory]
    [InlineData("Limit                     Soft Limit           Hard Limit           Units\nMax open files            1500                 4096                 files\n", 1500L)]
    [InlineData("Max open files            unlimited            unlimited            files\n", null)]
    [InlineData("", null)]
    public void Limit_is_the_soft_one_when_there_is_one(string limits, long? expected) => Assert.Equal(expected, FileDescriptors.Parse(limits));

    private static async Task ReadUntilLiveAsync(StreamReader reader)
    {
        while (!(await reader.ReadLineAsync().WaitAsync(SseStream.Timeout))!.StartsWith("data: ", StringComparison.Ordinal))
        {
        }
    }

    private static async Task AssertReadsAsync(StreamReader reader, string[] texts)
    {
        foreach (var text in texts)
        {
            Assert.StartsWith("id: ", await reader.ReadLineAsync().WaitAsync(SseStream.Timeout), StringComparison.Ordinal);
            Assert.Equal("data: " + text, await reader.ReadLineAsync().WaitAsync(SseStream.Timeout));
            Assert.Equal("", await reader.ReadLineAsync().WaitAsync(SseStream.Timeout));
        }
    }

    private static async Task<TcpClient> OpenAsync(TestHost host, string topic)
    {
        var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /api/events/{topic} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        return client;
    }

    private static async Task<int> OpenStreamsAsync(TestHost host) =>
        (await host.Client.GetFromJsonAsync<JsonElement>("health")).GetProperty("streams").GetInt32();

    /// <summary>Answers every request.</summary>
    private sealed class Flood(RequestDelegate answer) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Run(answer);
            next(app);
        };
    }
}
