using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using SseFunctions.EventLog;

namespace SseFunctions.Benchmarks;

/// <summary>Counts what this process asks of the table, by the HTTP method: POST for transactions, GET for reads.</summary>
internal sealed class TableRequests : IDisposable
{
    private const string Method = "http.request.method";

    private readonly ConcurrentDictionary<string, long> counts = new();
    private readonly MeterListener listener = new()
    {
        InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == LogTelemetry.TableTransactions)
                listener.EnableMeasurementEvents(instrument);
        },
    };

    public TableRequests()
    {
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            foreach (var (name, value) in tags)
            {
                if (name == Method)
                    counts.AddOrUpdate((string)value!, count, (_, before) => before + count);
            }
        });
        listener.Start();
    }

    /// <summary>The counts so far, for another process.</summary>
    public string ToJson() => JsonSerializer.Serialize(counts);

    public static Dictionary<string, long> FromJson(string json) => JsonSerializer.Deserialize<Dictionary<string, long>>(json)!;

    /// <summary>Standard output is for what the process is asked for.</summary>
    public static void LogToStandardError(WebApplicationBuilder builder) =>
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

    public void Dispose() => listener.Dispose();
}
