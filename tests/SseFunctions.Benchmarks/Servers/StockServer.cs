using System.Collections.Concurrent;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SseFunctions.Benchmarks.Servers;

/// <summary>What one writes with ASP.NET Core alone: a channel a client, and TypedResults.ServerSentEvents.</summary>
internal static class StockServer
{
    public const string Verb = "stock";

    public static async Task<int> RunAsync(int port)
    {
        var clients = new ConcurrentDictionary<Channel<SseItem<string>>, bool>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        await using var app = builder.Build();
        app.MapGet("/", (CancellationToken left) => TypedResults.ServerSentEvents(StreamAsync(clients, left)));
        await app.StartAsync();
        Console.WriteLine("listening");

        for (long number = 1; await Console.In.ReadLineAsync() is { } data; number++)
        {
            var item = new SseItem<string>(data) { EventId = number.ToString(CultureInfo.InvariantCulture) };
            foreach (var client in clients.Keys)
                client.Writer.TryWrite(item);
        }

        return 0;
    }

    private static async IAsyncEnumerable<SseItem<string>> StreamAsync(
        ConcurrentDictionary<Channel<SseItem<string>>, bool> clients,
        [EnumeratorCancellation] CancellationToken left)
    {
        var client = Channel.CreateUnbounded<SseItem<string>>(new UnboundedChannelOptions { SingleReader = true });
        clients[client] = true;
        try
        {
            yield return new SseItem<string>("open"); // it sends nothing, not even headers, before the first item
            await foreach (var item in client.Reader.ReadAllAsync(left))
                yield return item;
        }
        finally
        {
            clients.TryRemove(client, out _);
        }
    }
}
