using System.Globalization;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>Publishes the numbers from 0 on, one after the other, until it is stopped. It publishes at least one.</summary>
/// <remarks>Not as fast as it can: it would take the processor from what is tested.</remarks>
internal sealed class SteadyPublisher : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource stop = new();
    private readonly List<string> ids = [];
    private readonly Task publishing;

    public SteadyPublisher(HttpClient client, string topic) => publishing = Task.Run(() => PublishAsync(client, topic));

    /// <summary>How many events have been acknowledged.</summary>
    public Tally Acknowledged { get; } = new();

    /// <returns>The ids of all acknowledged events; their data is their index.</returns>
    public async Task<IReadOnlyList<string>> StopAsync()
    {
        await stop.CancelAsync();
        await publishing.WaitAsync(SseStream.Timeout);
        return ids;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAny(publishing); // StopAsync throws what has failed
        stop.Dispose();
    }

    private async Task PublishAsync(HttpClient client, string topic)
    {
        using var timer = new PeriodicTimer(Period, TimeProvider.System);
        do
        {
            ids.Add(await client.PublishAsync(topic, ids.Count.ToString(CultureInfo.InvariantCulture)));
            Acknowledged.Add();
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
        while (!stop.IsCancellationRequested);
    }
}
