using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Docs;

/// <summary>docs/operations.md has each instrument and each reason for which a stream ends.</summary>
public partial class InstrumentTableTests
{
    private static readonly MarkdownPage Page = MarkdownPage.Read(Path.Combine("docs", "operations.md"));

    [Fact]
    public async Task Table_has_each_instrument_once_and_no_other()
    {
        var published = new List<string>();
        using var listener = new MeterListener();
        await using var host = await TestHost.StartAsync();
        var factory = host.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == LogTelemetry.SourceName && instrument.Meter.Scope == factory)
                published.Add(instrument.Name);
        };

        listener.Start();

        Assert.NotEmpty(published);
        Assert.Equal(published.Order(StringComparer.Ordinal), Names(Page.Section("Instruments"), Instrument()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Table_has_each_end_of_a_stream() =>
        Assert.Equal(
            Enum.GetValues<StreamEnd>().Select(StreamTelemetry.NameOf).Order(StringComparer.Ordinal),
            Names(Page.Section("Why streams end"), End()).Order(StringComparer.Ordinal));

    /// <summary>Those in the first column of its table.</summary>
    private static IEnumerable<string> Names(string section, Regex name) => section.Split('\n')
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal) && !line.StartsWith("| `sse.stream.end` ", StringComparison.Ordinal))
        .SelectMany(line => name.Matches(line.Split('|')[1]))
        .Select(match => match.Groups["name"].Value);

    [GeneratedRegex("`(?<name>sse[.][a-z._]+)`")]
    private static partial Regex Instrument();

    [GeneratedRegex("`(?<name>[a-z_]+)`")]
    private static partial Regex End();
}
