using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.Tests.EventLog;

namespace SseFunctions.Tests.Streaming;

public class SinceLookupsTests
{
    /// <summary>What a duration means has changed by then.</summary>
    [Fact]
    public async Task Place_is_searched_anew_after_a_second_however_many_others_were_asked_for_before_it()
    {
        var time = new FakeTimeProvider();
        using var reads = new TableReads((await LogTable.NewAsync()).Log(), time, NullLogger.Instance);
        var lookups = new SinceLookups(reads, time);
        var searches = Enumerable.Range(1, 5).Select(hours => Find(hours)).ToList();
        Assert.Same(searches[^1], Find(5));

        time.Advance(TimeSpan.FromSeconds(1));
        var again = Find(5);

        Assert.NotSame(searches[^1], again);
        Assert.Same(again, Find(5));
        await Task.WhenAll([.. searches, again]);

        Task<SseFunctions.EventLog.EventId> Find(int hours) => lookups.FindAsync(LogActions.Orders, new Since(null, TimeSpan.FromHours(hours)));
    }
}
