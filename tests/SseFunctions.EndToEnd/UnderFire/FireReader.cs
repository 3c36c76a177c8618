using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>
/// Reads as an EventSource does: over any number of connections, each to either instance, with the id it has as Last-Event-ID, and
/// the reconnection time that the server sends between them; until the answer is 204.
/// </summary>
internal sealed class FireReader
{
    /// <summary>Of 100 ends of a connection, how many make an absent reader stay away.</summary>
    private const int AbsentPercent = 30;

    /// <summary>More than retention keeps, so that something is lost.</summary>
    private const long AbsentEvents = Deployment.RetainedEvents + 50;

    private static readonly TimeSpan AbsentLook = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(0.25);

    /// <summary>Longer than the host lets a client take no bytes.</summary>
    private static readonly TimeSpan LongPause = Deployment.WriteTimeout + TimeSpan.FromSeconds(2);
    private const int LongPausePercent = 2;

    private readonly string name;
    private readonly ReaderPlan plan;
    private readonly Deployment deployment;
    private readonly Ledger ledger;
    private readonly Findings findings;
    private readonly Random random;
    private readonly string path;
    private readonly ReaderCursor cursor;
    private string? lastEventId;
    private TimeSpan reconnectionTime = TimeSpan.FromSeconds(0.2);

    public FireReader(int number, ReaderPlan plan, Deployment deployment, Ledger ledger, Findings findings, Random random)
    {
        name = string.Create(CultureInfo.InvariantCulture, $"Reader {number} of {string.Join('+', plan.Topics.Select(topic => topic.Name))}");
        (this.plan, this.deployment, this.ledger, this.findings, this.random) = (plan, deployment, ledger, findings, random);
        cursor = new ReaderCursor(name, plan, ledger, findings);
        path = plan.Path(cursor.Id);
    }

    public override string ToString() => $"{name} at {cursor.Id}";

    /// <summary>Reads until all of its topics are complete and it has all of them.</summary>
    /// <param name="noMorePauses">Fires when there is no time left for pauses.</param>
    public async Task RunAsync(CancellationToken noMorePauses)
    {
        while (!await ReadConnectionAsync(noMorePauses))
        {
            await Task.Delay(reconnectionTime, TimeProvider.System, CancellationToken.None);
            await deployment.Intermission.IsOverAsync();
            if (plan.IsAbsent && random.Next(100) < AbsentPercent)
                await StayAwayAsync(noMorePauses);
        }
    }

    /// <returns>Whether the answer was 204.</returns>
    private async Task<bool> ReadConnectionAsync(CancellationToken noMorePauses)
    {
        try
        {
            var client = plan.IsSlow ? deployment.SlowClient : deployment.Client;
            await using var stream = await SseStream.OpenAsync(client, new Uri(deployment.BaseAddress(random.Next(Deployment.Instances)), path).AbsoluteUri, lastEventId);
            findings.Count("connections of readers");
            if (!IsForAnEventSource(stream.Response))
                return stream.Response.StatusCode == HttpStatusCode.NoContent;

            while (!deployment.Intermission.IsNow && await stream.ReadFrameAsync() is { } frame)
                await TakeAsync(frame, noMorePauses);
        }
        catch (Exception ex) when (ex is HttpRequestException or SocketException or IOException or InvalidDataException)
        {
            findings.Count("connections that broke"); // within a frame perhaps, which then has not come
        }
        catch (TimeoutException)
        {
            findings.Break($"{this} was left without a byte, heartbeats included, for {SseStream.Timeout}.");
        }

        return false;
    }

    private bool IsForAnEventSource(HttpResponseMessage response)
    {
        if (response.StatusCode == HttpStatusCode.NoContent)
        {
            if (!ledger.IsCompleting || !cursor.IsAtEnd)
                findings.Break($"{this} was answered 204 before it had all.");

            return false;
        }

        var isStream = response.StatusCode == HttpStatusCode.OK && response.Content.Headers.ContentType?.MediaType == "text/event-stream";
        if (!isStream)
            findings.Break($"Promise 5: {this} was answered {(int)response.StatusCode} {response.Content.Headers.ContentType}, which ends an EventSource.");

        return isStream;
    }

    private async Task TakeAsync(string frame, CancellationToken noMorePauses)
    {
        if (cursor.Take(frame))
        {
            findings.Count("events read");
            if (plan.IsSlow)
                await PauseAsync(random.Next(100) < LongPausePercent ? LongPause : random.NextDouble() * MaxPause, noMorePauses);
        }

        if (frame.Contains("id: ", StringComparison.Ordinal))
            lastEventId = cursor.Id;

        if (frame.StartsWith("retry: ", StringComparison.Ordinal))
            reconnectionTime = TimeSpan.FromMilliseconds(int.Parse(frame.AsSpan(7, frame.IndexOf('\n', StringComparison.Ordinal) - 7), CultureInfo.InvariantCulture));
    }

    private async Task StayAwayAsync(CancellationToken noMorePauses)
    {
        while (cursor.Behind < AbsentEvents && !noMorePauses.IsCancellationRequested)
            await PauseAsync(AbsentLook, noMorePauses);
    }

    private static async Task PauseAsync(TimeSpan time, CancellationToken noMorePauses)
    {
        try
        {
            await Task.Delay(time, TimeProvider.System, noMorePauses);
        }
        catch (OperationCanceledException)
        {
            // There is no time left for pauses.
        }
    }
}
