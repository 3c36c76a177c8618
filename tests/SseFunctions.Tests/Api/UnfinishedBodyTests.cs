using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Api;
using SseFunctions.Tests.Access;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>A request whose body does not come to its end is answered, or is given up: that is not a failure of the host.</summary>
public sealed class UnfinishedBodyTests
{
    private const int Clients = 20; // a few of them reset while the host waits for more, the others before it does

    [Theory]
    [InlineData("events/a")]
    [InlineData("tokens")]
    public async Task Endpoint_fails_with_nothing_when_clients_reset_in_mid_body(string path)
    {
        var requests = new Requests();
        await using var host = await TestHost.StartAsync(AccessHost.Settings, configure: builder => builder.Services.AddSingleton<IStartupFilter>(requests));

        for (var i = 0; i < Clients; i++)
        {
            using var client = await BeginAsync(host.Client.BaseAddress!, path);
            await requests.BegunAsync();
            client.LingerState = new LingerOption(true, 0); // a reset
            client.Close();
            await requests.EndedAsync();
        }

        Assert.Empty(requests.Failed);
    }

    /// <param name="isCancelled">Whether the invocation is; else the 230 s have passed that Azure's front end gives a request.</param>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Publish_answers_that_nothing_was_written_when_the_invocation_or_its_time_ends_in_mid_body(bool isCancelled)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var invocationCancelled = new CancellationTokenSource();
        await using var host = await TestHost.StartAsync(time: time);
        var context = new DefaultHttpContext { RequestServices = host.Services };
        (context.Request.Method, context.Request.ContentType, context.Request.ContentLength) = ("POST", "text/plain", 100);
        using var unfinished = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await unfinished.ConnectAsync(IPAddress.Loopback, host.Client.BaseAddress!.Port);
        await using var body = new NetworkStream(unfinished); // says nothing while nothing is asked of it
        using var answer = new MemoryStream();
        (context.Request.Body, context.Response.Body) = (body, answer);

        var publish = host.Services.GetRequiredService<PublishEndpoint>().PublishAsync(context, "a", invocationCancelled.Token);
        time.Advance(TimeSpan.FromSeconds(229));
        Assert.False(publish.IsCompleted);
        if (isCancelled)
            await invocationCancelled.CancelAsync();
        else
            time.Advance(TimeSpan.FromSeconds(1));

        await (await publish.WaitAsync(SseStream.Timeout)).ExecuteAsync(context);

        var problem = JsonDocument.Parse(answer.ToArray()).RootElement;
        Assert.Equal((StatusCodes.Status408RequestTimeout, "body"), (context.Response.StatusCode, problem.GetProperty("field").GetString()));
        Assert.EndsWith("Nothing was written.", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    /// <summary>Sends a request without the end of its body.</summary>
    private static async Task<Socket> BeginAsync(Uri baseAddress, string path)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, baseAddress.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST {baseAddress.AbsolutePath}{path} HTTP/1.1\r\nHost: {baseAddress.Authority}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"a\""));
        return socket;
    }

    /// <summary>Sees every request of a host, and what it throws, or answers with 500.</summary>
    private sealed class Requests : IStartupFilter
    {
        private readonly Channel<bool> begun = Channel.CreateUnbounded<bool>();
        private readonly Channel<bool> ended = Channel.CreateUnbounded<bool>();

        public ConcurrentQueue<string> Failed { get; } = [];

        public async Task BegunAsync() => await TakeAsync(begun);

        public async Task EndedAsync() => await TakeAsync(ended);

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, rest) =>
            {
                try
                {
                    var request = rest();
                    begun.Writer.TryWrite(true); // by now it waits for its body
                    await request;
                    if (context.Response.StatusCode == StatusCodes.Status500InternalServerError)
                        Failed.Enqueue($"{context.Response.StatusCode}");
                }
                catch (Exception ex)
                {
                    Failed.Enqueue($"{ex}");
                    throw;
                }
                finally
                {
                    ended.Writer.TryWrite(true);
                }
            });
            next(app);
        };

        private static Task<bool> TakeAsync(Channel<bool> signals) => signals.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout);
    }
}
