using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>
/// Publishes to one topic, through each instance at the same time, round after round: the next begins when all publications of
/// the last are answered. So at no time may more events than a round's come between a publication and its repeat, and
/// retention never takes the key by which a repeat is known.
/// </summary>
internal sealed class TopicPublishers(FireTopic topic, Deployment deployment, Ledger ledger, Findings findings, Random random)
{
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(0.5);

    private readonly PublishedId?[] last = new PublishedId?[Deployment.Instances];

    /// <summary>Rounds that are done.</summary>
    public Tally Rounds { get; } = new();

    public override string ToString() => $"publishers of {topic.Name} after {Rounds.Count} rounds";

    /// <summary>Publishes until it is stopped, and then until all is answered.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(topic.Period, TimeProvider.System);
        while (!stop.IsCancellationRequested)
        {
            await deployment.Intermission.IsOverAsync();
            await Task.WhenAll(Enumerable.Range(0, Deployment.Instances).Select(PublishAsync));
            Rounds.Add();
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task PublishAsync(int publisher)
    {
        var names = Enumerable.Range(0, topic.BatchEvents).Select(i => string.Create(CultureInfo.InvariantCulture, $"{publisher}.{Rounds.Count}.{i}"));
        var publication = new Publication(topic.Name, [.. names], topic.FillingBytes);
        for (var instance = publisher; !await TryPublishAsync(publication, publisher, instance); instance++)
        {
            findings.Count("publications repeated");
            await Task.Delay(NextDouble() * MaxPause, TimeProvider.System);
        }
    }

    /// <returns>Whether it was answered.</returns>
    private async Task<bool> TryPublishAsync(Publication publication, int publisher, int instance)
    {
        try
        {
            using var request = publication.Request(deployment.BaseAddress(instance));
            using var answer = await deployment.Client.SendAsync(request);
            if (answer.StatusCode is HttpStatusCode.ServiceUnavailable)
                return false;

            if (answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK)
            {
                var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
                Acknowledge(publication, publisher, [.. json.GetProperty("ids").EnumerateArray().Select(id => PublishedId.Parse(id.GetString()))]);
                findings.Count(answer.StatusCode == HttpStatusCode.OK ? "publications that a repeat found done" : "publications");
                return true;
            }

            findings.Break($"A publication of {publication.Key} was answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            return true;
        }
        catch (Exception ex) when (ex is HttpRequestException or SocketException or IOException or JsonException)
        {
            return false; // no answer, or a part of one
        }
    }

    private void Acknowledge(Publication publication, int publisher, List<PublishedId> ids)
    {
        if (ids.Count != publication.Names.Count || ids.Where((id, i) => id != ids[0] with { Sequence = ids[0].Sequence + i }).Any())
            findings.Break($"The {publication.Names.Count} events of {publication.Key} were given the ids {string.Join(' ', ids)}.");

        if (last[publisher] is { } before && ids[0].Sequence <= before.Sequence)
            findings.Break($"Promise 1: {publication.Key} was given {ids[0]}, after {before} was answered.");

        last[publisher] = ids[^1];
        foreach (var (id, name) in ids.Zip(publication.Names))
            ledger.Acknowledge(publication.Topic, id, name);
    }

    private double NextDouble()
    {
        lock (random)
            return random.NextDouble();
    }
}
