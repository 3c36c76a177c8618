namespace SseFunctions.Streaming;

/// <summary>A stream's place among those of the process, until it is disposed.</summary>
/// <param name="streams">Where to give the place back; null without one.</param>
/// <param name="tokenKey">What its token is counted under; null when it is not.</param>
/// <param name="addressKey">What its client's address is counted under; null when it is not.</param>
internal sealed class StreamPlace(StreamAdmission admission, OpenStreams? streams = null, string? tokenKey = null, string? addressKey = null) : IDisposable
{
    private bool isLeft;

    public StreamAdmission Admission => admission;

    public void Dispose()
    {
        if (!Interlocked.Exchange(ref isLeft, true))
            streams?.Leave(tokenKey, addressKey, isHeld: admission == StreamAdmission.Held);
    }
}
