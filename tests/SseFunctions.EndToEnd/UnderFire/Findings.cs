using System.Collections.Concurrent;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>What was seen that must never be, and a count of what was seen that may.</summary>
internal sealed class Findings : IDisposable
{
    private const int MaxShown = 20;

    private readonly ConcurrentQueue<string> broken = [];
    private readonly ConcurrentDictionary<string, long> counts = [];
    private readonly CancellationTokenSource first = new();

    /// <summary>Fires with the first promise that is broken: the rest of the run would tell nothing new.</summary>
    public CancellationToken AnyBroken => first.Token;

    public void Break(string promise)
    {
        broken.Enqueue(promise);
        first.Cancel();
    }

    public void Count(string what, long times = 1) => counts.AddOrUpdate(what, times, (_, before) => before + times);

    public long CountOf(string what) => counts.GetValueOrDefault(what);

    /// <summary>The first promises that were broken; empty when none was.</summary>
    public string Broken => broken.IsEmpty ? "" : $"{broken.Count} promises broken:\n{string.Join('\n', broken.Take(MaxShown))}";

    public void Dispose() => first.Dispose();

    public override string ToString() => string.Join(", ", counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => $"{count.Value} {count.Key}"));
}
