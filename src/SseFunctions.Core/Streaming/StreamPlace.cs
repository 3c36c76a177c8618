namespace SseFunctions.Streaming;

/// <summary>A stream's place among those of the process, until it is disposed.</summary>
internal sealed class StreamPlace(StreamAdmission admission, Action leave) : IDisposable
{
    private bool isLeft;

    public StreamAdmission Admission => admission;

    public void Dispose()
    {
        if (!Interlocked.Exchange(ref isLeft, true))
            leave();
    }
}
