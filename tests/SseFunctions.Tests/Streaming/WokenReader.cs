using SseFunctions.Streaming;

namespace SseFunctions.Tests.Streaming;

/// <summary>A reader that takes whatever it is given.</summary>
internal sealed class WokenReader : IFeedReader
{
    private readonly TaskCompletionSource woken = new();

    public Task Woken => woken.Task;

    public void Push(SseFunctions.EventLog.EventId after, FrameSlice slice)
    {
    }

    public void Wake() => woken.TrySetResult();
}
