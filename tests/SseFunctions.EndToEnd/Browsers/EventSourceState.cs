namespace SseFunctions.EndToEnd.Browsers;

/// <summary>An EventSource's readyState.</summary>
public enum EventSourceState
{
    Connecting = 0,
    Open = 1,

    /// <summary>It has given up for good.</summary>
    Closed = 2,
}
