namespace SseFunctions.EndToEnd.Browsers;

/// <summary>Who implements EventSource: Chromium, or npm's eventsource.</summary>
public interface IEventSourceClient
{
    /// <summary>Why a test that needs it is skipped; null where it need not be.</summary>
    string? Absence { get; }

    /// <summary>Whether a frame of an id alone moves the last event ID, as html.spec.whatwg.org says; npm's eventsource 4.1.1 passes it over.</summary>
    bool TakesIdAlone { get; }

    /// <param name="baseAddress">The root of the API.</param>
    /// <param name="path">The stream's, below that.</param>
    /// <param name="types">The events to listen to, besides message and sse.reset.</param>
    Task<RecordedEventSource> OpenAsync(Uri baseAddress, string path, params string[] types);
}
