using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>Long answers that are no streams, to clients that take none of them.</summary>
public class LongAnswerTests
{
    /// <summary>Small, so that the host's writes soon have nowhere to go.</summary>
    private const int ReceiveBufferBytes = 4096;

    /// <summary>By one byte of data, the answer has six: of a page as \u0001, of an event as a line's field.</summary>
    [Theory]
    [InlineData("topics/a/events", '\u0001')]
    [InlineData("events/a?mode=long-poll&from=start", '\n')]
    public async Task Request_ends_when_its_client_takes_no_bytes_for_the_write_timeout(string path, char data)
    {
        await using var host = await TestHost.StartAsync(["Stream:WriteTimeout=00:00:01"]);
        await host.PublishAsync("a", [.. Enumerable.Repeat(new string(data, 60_000), 4)]);
        using var requests = new EndedRequests(host);
        var uri = new Uri(host.BaseAddress, path);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = ReceiveBufferBytes };
        await socket.ConnectAsync(uri.Host, uri.Port);

        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {uri.PathAndQuery} HTTP/1.1\r\nHost: {uri.Authority}\r\n\r\n"));

        await requests.First.WaitAsync(SseStream.Timeout);
        Assert.True(await ReadToEndAsync(socket) < 4 * 60_000 * 6);
    }

    /// <returns>How many bytes there were.</returns>
    private static async Task<int> ReadToEndAsync(Socket socket)
    {
        var (buffer, count) = (new byte[64 * 1024], 0);
        try
        {
            while (await socket.ReceiveAsync(buffer).WaitAsync(SseStream.Timeout) is > 0 and var more)
                count += more;
        }
        catch (SocketException)
        {
            // The connection was reset.
        }

        return count;
    }

    /// <summary>Tells of requests that have come to their end, whatever that was.</summary>
    private sealed class EndedRequests : IDisposable
    {
        private readonly TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly MeterListener listener;

        public EndedRequests(TestHost host)
        {
            var meters = host.Services.GetRequiredService<IMeterFactory>();
            listener = new MeterListener
            {
                InstrumentPublished = (instrument, listener) =>
                {
                    if (instrument.Meter.Scope == meters && instrument.Name == "http.server.request.duration")
                        listener.EnableMeasurementEvents(instrument);
                },
            };
            listener.SetMeasurementEventCallback<double>((_, _, _, _) => first.TrySetResult());
            listener.Start();
        }

        public Task First => first.Task;

        public void Dispose() => listener.Dispose();
    }
}
