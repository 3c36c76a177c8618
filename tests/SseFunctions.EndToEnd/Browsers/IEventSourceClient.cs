namespace SseFunctions.EndToEnd.Browsers;

/// <summary>Who implements EventSource: a browser, or npm's eventsource.</summary>
public interface IEventSourceClient
{
    /// <summary>Why a test that needs it is skipped; null where it need not be.</summary>
    string? Absence { get; }

    /// <param name="baseAddress">The root of the API.</param>
    /// <param name="path">The stream's, below that.</param>
    /// <param name="types">The events to listen to, besides message and sse.reset.</param>
    Task<RecordedEventSource> OpenAsync(Uri baseAddress, string path, params string[] types);
}
