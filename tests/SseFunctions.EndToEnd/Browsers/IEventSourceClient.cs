namespace SseFunctions.EndToEnd.Browsers;

/// <summary>Who implements EventSource: a browser, or npm's eventsource.</summary>
public interface IEventSourceClient
{
    /// <summary>Why a test that needs it is skipped; null where it need not be.</summary>
    string? Absence { get; }

    /// <summary>Whether a frame of an id alone moves the last event ID, as html.spec.whatwg.org says; Firefox 153, WebKitGTK 2.50 and npm's eventsource 4.1.1 pass it over.</summary>
    bool TakesIdAlone { get; }

    /// <summary>
    /// Whether what has come of a frame when a connection breaks stays, and the next response is read as its rest: WebKit clears
    /// what it has parsed at the end of a response only (Source/WebCore/page/EventSource.cpp, didFail).
    /// </summary>
    bool KeepsHalfFrames { get; }

    /// <param name="baseAddress">The root of the API.</param>
    /// <param name="path">The stream's, below that.</param>
    /// <param name="types">The events to listen to, besides message and sse.reset.</param>
    Task<RecordedEventSource> OpenAsync(Uri baseAddress, string path, params string[] types);
}
