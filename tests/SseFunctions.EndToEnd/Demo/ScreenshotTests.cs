using System.Security.Cryptography;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Demo;

/// <summary>
/// The pictures of the README. <c>SSE_SCREENSHOTS=1 dotnet test tests/SseFunctions.EndToEnd --filter FullyQualifiedName~ScreenshotTests</c>
/// makes them, and notes of which page they are.
/// </summary>
public sealed class ScreenshotTests(Chromium browser) : IClassFixture<Chromium>
{
    private const int Width = 1280;
    private const int Height = 1042;
    private const int Connections = 4;

    private static readonly string Docs = Path.GetFullPath(Path.Combine(NodeFolder.FullName, "..", "..", "..", "docs"));
    private static readonly string Note = Path.Combine(Docs, "demo.png.sha256");
    private static readonly string PageHash = Convert.ToHexStringLower(SHA256.HashData(
        File.ReadAllBytes(Path.Combine(Docs, "..", "src", "SseFunctions.Core", "Pages", "demo.html"))));

    [Fact]
    public void Pictures_are_of_the_page_as_it_is() => Assert.Equal(PageHash, File.ReadAllText(Note).Trim());

    [SkippableFact]
    public async Task Pictures_show_a_connection_that_is_cut_and_catches_up()
    {
        Skip.If(Environment.GetEnvironmentVariable("SSE_SCREENSHOTS") != "1", "SSE_SCREENSHOTS=1 makes the pictures of the README.");
        Chromium.SkipIfMissing();
        var table = TestStorage.NewTableName();
        await using var one = await LocalHostProcess.StartAsync(table);
        await using var other = await LocalHostProcess.StartAsync(table, "Stream__Lifetime=00:00:20", "Stream__Retry=00:00:01.500");
        await using var tab = await DemoTab.OpenAsync(browser, other.BaseAddress, page => page.SetViewportSizeAsync(Width, Height));

        await WaitForConnectionAsync(tab, 2);
        await tab.WaitForCountAsync("#bars .gone", 1);
        await PublishAsync(tab, "Hello, world");
        await tab.WaitForEventAsync("Hello, world");
        await tab.Page.ClickAsync("#button");
        await tab.WaitForStateAsync("cut");
        await WaitForTickAsync(one);
        await PublishAsync(tab, "while you were away");
        await WaitForTickAsync(one);
        await tab.Page.ClickAsync("#button");
        await WaitForConnectionAsync(tab, Connections);
        await WaitForTickAsync(one);
        await tab.Page.EvaluateAsync("() => { scrollTo(0, 0); document.activeElement.blur(); }");

        foreach (var (scheme, name) in new[] { (ColorScheme.Light, "demo.png"), (ColorScheme.Dark, "demo-dark.png") })
        {
            await tab.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await tab.Page.ScreenshotAsync(new() { Path = Path.Combine(Docs, name) });
        }

        await File.WriteAllTextAsync(Note, PageHash + "\n");
    }

    private static Task<IJSHandle> WaitForConnectionAsync(DemoTab tab, int number) =>
        tab.WaitUntilAsync("number => Number(document.getElementById('connections').textContent) >= number && document.getElementById('page').dataset.state === 'open'", number);

    private static async Task PublishAsync(DemoTab tab, string text)
    {
        await tab.Page.FillAsync("#words", text);
        await tab.Page.ClickAsync("#send");
    }

    /// <summary>The next two events of the clock, which has one in five seconds.</summary>
    private static async Task WaitForTickAsync(LocalHostProcess host)
    {
        await using var clock = await SseStream.OpenAsync(host.Client, "events/clock");
        await clock.ReadEventsAsync(2);
    }
}
