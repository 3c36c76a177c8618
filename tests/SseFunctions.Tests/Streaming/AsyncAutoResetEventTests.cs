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
}
