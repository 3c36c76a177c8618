using Microsoft.Extensions.DependencyInjection;

namespace SseFunctions.Api;

/// <summary>
/// What an app has of the emitter beside its endpoints, and where its settings and routes are. Whatever reaches beyond the
/// emitter itself is off until it is called for here.
/// </summary>
public sealed class SseFunctionsBuilder
{
    internal SseFunctionsBuilder(IServiceCollection services, bool isFunctionApp) => (Services, IsFunctionApp) = (services, isFunctionApp);

    /// <summary>The app's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>
    /// The section of the configuration that has the emitter's settings, such as "Sse": the app setting is then
    /// <c>Sse__Stream__Lifetime</c>. "" by default: <c>Stream__Lifetime</c>.
    /// </summary>
    public string Section { get; set; } = "";

    /// <summary>
    /// What stands before every route, without slashes at its ends: in a function app after host.json's routePrefix, and null or "" for
    /// nothing; in an ASP.NET Core app at the beginning, null for host.json's routePrefix, "api" without that file, and "" for nothing.
    /// Letters, digits, '-', '.', '_' and '~', with '/' between them.
    /// </summary>
    public string? RoutePrefix { get; set; }

    /// <summary>
    /// Settings by their names in the table of docs/settings.md, such as <c>Stream__Lifetime</c>, without <see cref="Section"/>. They win over the
    /// configuration; values are written and checked as there.
    /// </summary>
    public IDictionary<string, string> Settings { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the Functions host runs the timers, and Azure's front end says whose a connection is.</summary>
    internal bool IsFunctionApp { get; }

    internal bool HasClock { get; private set; }

    internal bool HasRuntime { get; private set; }

    internal bool HasRetention { get; private set; }

    internal bool HasDemoPage { get; private set; }

    internal bool ExportsTelemetry { get; private set; }

    internal bool QuietensWebServerLog { get; private set; }

    internal bool TunesKestrel { get; private set; }

    /// <summary>Publishes the time on topic <c>clock</c>, at <c>ClockSchedule</c>, every five seconds by default.</summary>
    public SseFunctionsBuilder AddClock() => Set(() => HasClock = true);

    /// <summary>Publishes how the process is on topic <c>runtime</c>, at <c>RuntimeSchedule</c>, every five seconds by default.</summary>
    public SseFunctionsBuilder AddRuntime() => Set(() => HasRuntime = true);

    /// <summary>
    /// Removes old events every hour where <c>RetentionSchedule</c> does not say when. Without this call they are removed only where that
    /// is set.
    /// </summary>
    public SseFunctionsBuilder AddRetention() => Set(() => HasRetention = true);

    /// <summary>
    /// Serves the demo page at <c>demo</c>, and starts the runs that it asks for. What it shows is on the topics <c>clock</c>, <c>runtime</c>,
    /// <c>demo</c> and <c>demo-run-*</c>.
    /// </summary>
    public SseFunctionsBuilder AddDemoPage() => Set(() => HasDemoPage = true);

    /// <summary>
    /// Exports the meter and the activity source <c>SseFunctions</c>, by OTLP where OTEL_EXPORTER_OTLP_ENDPOINT is set, to Azure Monitor where
    /// APPLICATIONINSIGHTS_CONNECTION_STRING is. An app with OpenTelemetry of its own adds them to that instead.
    /// </summary>
    public SseFunctionsBuilder ExportTelemetry() => Set(() => ExportsTelemetry = true);

    /// <summary>
    /// Keeps what the web server logs below Warning out of all the app's logs: its request lines show query strings, and in them
    /// <c>?token=</c>. Not needed where clients bring their tokens in a header or a cookie.
    /// </summary>
    public SseFunctionsBuilder QuietenWebServerLog() => Set(() => QuietensWebServerLog = true);

    /// <summary>
    /// Sets up Kestrel for many streams, for the whole app: as many connections as <c>Stream__MaxStreams</c> needs and the process's
    /// descriptors allow, small buffers, no Server header, and bytes that go to the socket on the thread that writes
    /// (<c>Stream__SendsPastPipe</c>). Kestrel's warning about each connection too many becomes one a minute with their number.
    /// </summary>
    public SseFunctionsBuilder TuneKestrel() => Set(() => TunesKestrel = true);

    private SseFunctionsBuilder Set(Action set)
    {
        set();
        return this;
    }
}
