using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

public class AsyncAutoResetEventTests
{
    [Fact]
    public async Task WaitAsync_completes_at_once_when_the_signal_was_set_before()
    {
        var signal = new AsyncAutoResetEvent();
        signal.Set();
        signal.Set();

        await signal.WaitAsync().AsTask().WaitAsync(SseStream.Timeout);

        var second = signal.WaitAsync().AsTask();
        Assert.False(second.IsCompleted); // two sets, one wake-up
    }

    [Fact]
    public async Task WaitAsync_loses_no_set_when_both_race()
    {
        var (ping, pong) = (new AsyncAutoResetEvent(), new AsyncAutoResetEvent());
        const int Rounds = 20_000;

        var echo = Task.Run(async () =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                await ping.WaitAsync();
                pong.Set();
            }
        });
        for (var i = 0; i < Rounds; i++)
        {
            ping.Set();
            await pong.WaitAsync().AsTask().WaitAsync(SseStream.Timeout);
        }

        await echo.WaitAsync(SseStream.Timeout);
    }

    /// <summary>Two that set it at once wake the waiter once, and it sees what both have written.</summary>
    [Fact]
    public async Task WaitAsync_sees_what_was_written_before_each_set_when_two_set()
    {
        const int Rounds = 20_000;
        var signal = new AsyncAutoResetEvent();
        var written = new int[2];
        var setters = Enumerable.Range(0, written.Length).Select(setter => Task.Run(() =>
        {
            for (var i = 1; i <= Rounds; i++)
            {
                written[setter] = i;
                signal.Set();
            }
        })).ToList();

        while (written.Sum() < 2 * Rounds)
            await signal.WaitAsync().AsTask().WaitAsync(SseStream.Timeout);

        await Task.WhenAll(setters);
    }
}
