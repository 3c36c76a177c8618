using SseFunctions.EndToEnd.Demo;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.EndToEnd.Runs;

/// <summary>
/// Runs whose writer, reader, connection and page go in their middle, in an order that the seed draws: the page's text is what was
/// committed, and a run whose writer has died is seen as unfinished.
/// </summary>
public sealed class RunsUnderFireTests(Chromium browser, ITestOutputHelper output) : IClassFixture<Chromium>
{
    private const int Rate = 25;

    /// <summary>Of a run that comes to its end: six seconds. The others would go on for eighty, longer than a slow machine takes to kill their writer.</summary>
    private const int Pieces = 150;

    /// <summary>Longer than the page's own runSilence, in milliseconds.</summary>
    private const int SilenceMs = 11_000;

    private const int Seeds = 20;

    private enum Fault
    {
        ReaderKilled,
        ConnectionCut,
        PageReloaded,
    }

    [SkippableFact]
    public async Task Page_shows_exactly_what_was_committed_when_writers_readers_connections_and_pages_go()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.LongOnlyInFull);
        Chromium.SkipIfMissing();
        output.WriteLine(FuzzSeed.Hint);
        var table = TestStorage.NewTableName();
        await using var witness = await TestHost.StartOnAsync(table);
        var writer = await LocalHostProcess.StartAsync(table);
        var reader = await LocalHostProcess.StartAsync(table, "Stream__Retry=00:00:00.200");
        try
        {
            for (var seed = 0; seed < Seeds; seed++)
            {
                // Every other run loses its writer.
                var (random, isKilled) = (new Random(unchecked((FuzzSeed.Value * 31) + seed)), seed % 2 == 0);
                (writer, reader) = await RunAsync(writer, reader, witness, isKilled, random);
            }
        }
        finally
        {
            await writer.DisposeAsync();
            await reader.DisposeAsync();
        }
    }

    private async Task<(LocalHostProcess Writer, LocalHostProcess Reader)> RunAsync(LocalHostProcess writer, LocalHostProcess reader, TestHost witness, bool isKilled, Random random)
    {
        await using var proxy = CuttingProxy.Start(reader.BaseAddress);
        await using var tab = await DemoTab.OpenAsync(browser, proxy.BaseAddress, page => page.Clock.InstallAsync());
        var topic = await RunTopic.StartAsync(writer.Client, isKilled ? DemoRun.MaxPieces : Pieces, Rate);
        await tab.Page.EvaluateAsync("topic => { sessionStorage.setItem('run', topic); followRun(topic); }", topic);

        var at = Enumerable.Range(0, 4).Select(_ => random.Next(1, Pieces)).Order().ToList();
        var faults = Enum.GetValues<Fault>();
        random.Shuffle(faults);
        for (var i = 0; i < faults.Length; i++)
        {
            await CommittedAsync(witness, topic, at[i]);
            output.WriteLine($"{topic}: {faults[i]} at {at[i]}");
            if (faults[i] == Fault.ReaderKilled)
            {
                reader = await RestartAsync(reader);
            }
            else if (faults[i] == Fault.ConnectionCut)
            {
                proxy.CutSome(100, random);
            }
            else
            {
                proxy.CutRest(); // else the page may come over one of them: it stays incomplete, and its load never ends
                await tab.Page.ReloadAsync();
            }
        }

        if (!isKilled)
        {
            await StateAsync(tab, "complete");
            await ShowsCommittedAsync(tab, witness, topic);
            Assert.Equal(TextOf(Pieces), await RunTopic.CommittedTextAsync(witness.Client, topic));
            return (writer, reader);
        }

        await CommittedAsync(witness, topic, at[^1]);
        output.WriteLine($"{topic}: writer killed at {at[^1]}");
        writer = await RestartAsync(writer);
        await ShowsCommittedAsync(tab, witness, topic);
        Assert.False((await witness.Client.GetTopicAsync(topic)).GetProperty("complete").GetBoolean());
        await tab.Page.Clock.FastForwardAsync(SilenceMs);
        await StateAsync(tab, "unfinished");
        await ShowsCommittedAsync(tab, witness, topic);
        Assert.StartsWith(await RunTopic.CommittedTextAsync(witness.Client, topic), TextOf(DemoRun.MaxPieces), StringComparison.Ordinal);
        return (writer, reader);
    }

    private static string TextOf(int pieces) => new DemoRun("answer", pieces, Rate).Text;

    /// <summary>Waits until so many pieces are in the log; the page may be away.</summary>
    private static async Task CommittedAsync(TestHost witness, string topic, int pieces)
    {
        var client = new ReconnectingClient($"events/{topic}?from=start");
        await client.ReadAsync(witness.Client, enough: 1 + pieces);
        Assert.Equal(1 + pieces, client.Events.Count);
    }

    /// <summary>Waits until the page shows what the log has. What a writer has sent may land after its death.</summary>
    private static async Task ShowsCommittedAsync(DemoTab tab, TestHost witness, string topic)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.1), TimeProvider.System);
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        while (await RunTopic.CommittedTextAsync(witness.Client, topic) != await tab.Page.EvaluateAsync<string>("document.getElementById('runText').textContent"))
            await timer.WaitForNextTickAsync(timeout.Token);
    }

    private static async Task StateAsync(DemoTab tab, string state) =>
        await tab.WaitUntilAsync("state => document.getElementById('run').dataset.state === state", state);

    private static async Task<LocalHostProcess> RestartAsync(LocalHostProcess host)
    {
        await host.KillAsync();
        var again = await host.StartAgainAsync();
        await host.DisposeAsync();
        return again;
    }
}
