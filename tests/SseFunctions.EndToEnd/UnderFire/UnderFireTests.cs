using System.Diagnostics;
using System.Globalization;
using SseFunctions.TestSupport;
using Xunit.Abstractions;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>
/// All promises at once, while hosts are killed, storage stops and fails, hints are lost, connections break and retention trims. SSE_SOAK is how
/// long that goes on.
/// </summary>
public sealed class UnderFireTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>For two looks at the memory, and for the end.</summary>
    private static readonly TimeSpan TimeWithoutFire = TimeSpan.FromSeconds(30);

    private const string LengthVariable = "SSE_SOAK";

    /// <summary>The shortest is enough for each kind of fault to happen everywhere.</summary>
    private static readonly TimeSpan DefaultLength = Thoroughness.Choose(brief: TimeWithoutFire, full: TimeSpan.FromMinutes(2));

    /// <summary>Of the readers, which are there: each fourth in a brief run.</summary>
    private static readonly int EachReader = Thoroughness.Choose(brief: 4, full: 1);

    /// <summary>What a host's memory may differ by between two moments of the same load.</summary>
    private const double MemoryTolerance = 0.1;

    /// <summary>What its heap may grow by: a tenth of the 5 MiB and more that it has while it serves. Of what is measured, idle, that is more.</summary>
    private const long HeapTolerance = 512 * 1024;

    private readonly Findings findings = new();

    [SkippableFact]
    public async Task Every_reader_gets_every_event_once_and_in_order_or_is_told_exactly_what_it_lost_when_everything_fails_at_random()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        var schedule = FireSchedule.Draw(FuzzSeed.Value, Length() - TimeWithoutFire);
        Report($"{FuzzSeed.Hint} The witness is instance {schedule.Witness}.\n{string.Join('\n', schedule.Rehearsal)}\n-- memory --\n{string.Join('\n', schedule.Fire)}");
        await using var deployment = await Deployment.StartAsync();
        var ledger = new Ledger(findings);
        foreach (var topic in FireTopic.All)
            ledger.Begin(topic.Name, PublishedId.Parse(await deployment.Host(0).Client.PublishAsync(topic.Name, "the first")));

        using var stop = new CancellationTokenSource();
        using var noMorePauses = new CancellationTokenSource();
        var publishers = FireTopic.All.Select((topic, i) => new TopicPublishers(topic, deployment, ledger, findings, Random(i))).ToList();
        var readers = ReaderPlan.All.Where((_, i) => i % EachReader == 0).Select((plan, i) => new FireReader(i, plan, deployment, ledger, findings, Random(1000 + i))).ToList();
        Assert.Equal(200 / EachReader, readers.Count);
        var publishing = publishers.Select(publisher => Task.Run(() => WatchAsync(publisher.RunAsync(stop.Token)))).ToList();
        var reading = readers.Select(reader => Task.Run(() => WatchAsync(reader.RunAsync(noMorePauses.Token)))).ToList();

        await BurnAsync(schedule.Rehearsal, deployment);
        var warm = await MemoryAsync(deployment, schedule.Witness, null);
        await BurnAsync(schedule.Fire, deployment);
        var max = new HostMemory(warm.HeapBytes + HeapTolerance, (long)(warm.WorkingSetBytes * (1 + MemoryTolerance)));
        var memory = await MemoryAsync(deployment, schedule.Witness, max);

        await ResetAsync(); // on a slow machine, retention may not have got far yet
        await stop.CancelAsync();
        await WaitAsync(publishing, publishers);
        ledger.IsCompleting = true;
        foreach (var topic in FireTopic.All)
            await deployment.Host(0).Client.CompleteAsync(topic.Name);

        await noMorePauses.CancelAsync();
        await WaitAsync(reading, readers);

        ledger.Check();
        foreach (var topic in FireTopic.All)
            Assert.Equal($"{ledger.Last(topic.Name)}", (await deployment.Host(0).Client.GetTopicAsync(topic.Name)).GetProperty("last").GetString());

        Report($"{FireTopic.All.Sum(topic => ledger.Count(topic.Name))} events; {deployment.Cuts} connections cut, {deployment.FailedCalls} calls to storage failed, {deployment.LostHints} hints lost; {findings}.");
        Report($"The witness's memory: {warm} when warm, {memory} at the end.");
        Assert.Equal("", findings.Broken);
        foreach (var met in Enum.GetNames<FireFaultKind>().Select(kind => $"times {kind}").Append("resets"))
            Assert.True(findings.CountOf(met) > 0, $"There were no {met}: the run says little.");

        Assert.NotEqual(0, deployment.LostHints);

        Assert.InRange(memory.HeapBytes, 0, max.HeapBytes);
        Assert.InRange(memory.WorkingSetBytes, 0, max.WorkingSetBytes);
    }

    public void Dispose() => findings.Dispose();

    private static TimeSpan Length() => Environment.GetEnvironmentVariable(LengthVariable) is { Length: > 0 } text
        ? TimeSpan.Parse(text, CultureInfo.InvariantCulture)
        : DefaultLength;

    private static Random Random(int number) => new(unchecked((FuzzSeed.Value * 31) + number));

    /// <summary>Lets all go wrong that is to go wrong, each at its time; done when all of it is over.</summary>
    private async Task BurnAsync(IReadOnlyList<FireFault> faults, Deployment deployment)
    {
        var since = Stopwatch.GetTimestamp();
        var burning = new List<Task>();
        try
        {
            foreach (var fault in faults)
            {
                if (fault.At - Stopwatch.GetElapsedTime(since) is var left && left > TimeSpan.Zero)
                    await Task.Delay(left, TimeProvider.System, findings.AnyBroken);

                findings.Count($"times {fault.Kind}");
                burning.Add(deployment.MeetAsync(fault));
            }
        }
        catch (OperationCanceledException) when (findings.AnyBroken.IsCancellationRequested)
        {
            // It has burnt enough.
        }

        await Task.WhenAll(burning);
    }

    /// <summary>Waits until somebody has come too late for an event: retention works through a table that a busy machine makes slow.</summary>
    private async Task ResetAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.1), TimeProvider.System);
        using var timeout = new CancellationTokenSource(5 * SseStream.Timeout);
        while (findings.CountOf("resets") == 0 && !findings.AnyBroken.IsCancellationRequested)
            await timer.WaitForNextTickAsync(timeout.Token);
    }

    /// <summary>A host's memory while nobody reads or publishes; in a brief run, in which nothing could be seen to grow, none.</summary>
    /// <param name="enough">What it must come down to; null where that is not known.</param>
    private async Task<HostMemory> MemoryAsync(Deployment deployment, int instance, HostMemory? enough)
    {
        Assert.Equal("", findings.Broken);
        if (!Thoroughness.IsFull)
            return default;

        deployment.Intermission.Begin();
        await deployment.Host(instance).Client.WaitForOpenStreamsAsync(0);
        var memory = await HostMemory.SettledAsync(deployment.Host(instance), enough);
        deployment.Intermission.End();
        return memory;
    }

    /// <summary>A publisher or reader that fails itself is a finding as well.</summary>
    private async Task WatchAsync(Task running)
    {
        try
        {
            await running;
        }
        catch (Exception ex)
        {
            findings.Break($"{ex}");
        }
    }

    /// <param name="tasks">What must come to its end.</param>
    /// <param name="whose">Whose name the finding has where it does not.</param>
    private async Task WaitAsync(List<Task> tasks, IReadOnlyList<object> whose)
    {
        try
        {
            await Task.WhenAll(tasks).WaitAsync(SseStream.Timeout, findings.AnyBroken);
        }
        catch (Exception ex) when (ex is TimeoutException or OperationCanceledException)
        {
            findings.Break($"Some did not get on: {string.Join(", ", whose.Where((_, i) => !tasks[i].IsCompletedSuccessfully))}.");
            Assert.Fail(findings.Broken);
        }
    }

    private void Report(string text) => output.WriteLine(text);
}
