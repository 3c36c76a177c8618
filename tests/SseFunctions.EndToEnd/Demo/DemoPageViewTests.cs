using System.Text.Json;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Demo;

/// <summary>What the demo page does by itself, in Chromium, against the target.</summary>
public sealed class DemoPageViewTests(Target target, Chromium browser) : IClassFixture<Chromium>, IClassFixture<Target>
{
    private const string Topic = "demo";

    private readonly string words = $"words {Guid.NewGuid():N}";

    [SkippableFact]
    public async Task Demo_page_shows_how_each_process_is()
    {
        Chromium.SkipIfNotInstalled();
        await using var tab = await DemoTab.OpenAsync(browser, target.BaseAddress);

        var row = tab.Page.Locator("#runtime tr").First;

        Assert.Matches(@"\A[0-9a-f]{8}\s+\d+\s+\d+ MiB\s+[\d.]+ %\z", (await row.InnerTextAsync()).Trim());
        var chart = await row.GetByRole(AriaRole.Img).First.GetAttributeAsync("aria-label");
        Assert.Matches(@"\AStreams: from \d+ to \d+ ", chart);
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_connects_anew_when_it_wakes_and_nothing_has_come_for_long()
    {
        Chromium.SkipIfNotInstalled();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);

        // One script, so that no event comes between: the page has slept for a minute.
        await tab.Page.EvaluateAsync("""
            () => {
              const now = Date.now;
              Date.now = () => now() + 60_000;
              dispatchEvent(new Event('online'));
            }
            """);

        await tab.WaitUntilAsync("() => document.getElementById('connections').textContent === '2'");
        await target.Client.PublishAsync(Topic, words);
        await tab.WaitForEventAsync(words);
        Assert.Contains("Nothing has arrived for long", await tab.Page.InnerTextAsync("#log"), StringComparison.Ordinal);
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_reports_a_reset_of_each_topic_when_its_cursor_is_of_another_log()
    {
        Chromium.SkipIfNotInstalled();
        await target.Client.PublishAsync(Topic, words);
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        await tab.WaitUntilAsync("() => document.querySelector('#runtime tr')"); // each topic has its event
        await tab.CutAsync();

        await tab.Page.EvaluateAsync("() => { previous = (cursor = 'zzzz-1.zzzz-1.zzzz-1').split('.') }");
        await tab.Page.ClickAsync("#button");

        await tab.WaitForEventAsync(words); // which is older than the page
        await tab.WaitForCountAsync("#log .note.gap", 3);
        await tab.WaitForCountAsync("#marks .mark.gap", 3);
        foreach (var topic in (string[])["clock", Topic, "runtime"])
            Assert.Contains($"sse.reset: topic {topic}: the log has begun anew", await tab.Page.InnerTextAsync("#log"), StringComparison.Ordinal);
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Demo_page_does_not_count_events_of_other_types_as_missed()
    {
        Chromium.SkipIfNotInstalled();
        var type = $"type-{Guid.NewGuid():N}";
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        await target.Client.PublishAsync(Topic, "to nobody", type: type);
        await target.Client.PublishAsync(Topic, words);

        await tab.WaitUntilAsync("type => document.getElementById('log').innerText.includes(type)", type);
        await target.Client.PublishAsync(Topic, $"to a listener {words}", type: type);

        await tab.WaitForEventAsync($"to a listener {words}");
        Assert.Equal(0, await tab.CountEventsAsync("to nobody"));
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Timeline_says_nothing_new_while_nothing_is_chosen()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        Chromium.SkipIfNotInstalled();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        await tab.Page.EvaluateAsync("""
            () => {
              window.changes = 0;
              new MutationObserver(all => changes += all.length).observe(document.getElementById('timeline'), { attributes: true });
            }
            """);

        await target.Client.PublishAsync(Topic, words);
        await tab.WaitForEventAsync(words);

        Assert.Equal(0, await tab.Page.EvaluateAsync<int>("changes"));
        await tab.Page.PressAsync("#timeline", "End");
        Assert.Equal(await tab.Page.GetAttributeAsync("#timeline", "aria-valuemax"), await tab.Page.GetAttributeAsync("#timeline", "aria-valuenow"));
        await tab.AssertWellAsync();
    }

    [SkippableTheory]
    [InlineData("<img src=x onerror=\"window.ran = true\"><script>window.ran = true</script>")]
    [InlineData("\"><svg onload='window.ran = true'>\n</td></table>\n\n${window.ran = true}{{constructor}}&amp;")]
    [InlineDataInFull("\u202Eright to left\u2066 שלום \0\u0007 مرحبا")]
    [InlineDataInFull("long")]
    public async Task Hostile_data_is_shown_as_text_and_runs_nothing(string data)
    {
        Chromium.SkipIfNotInstalled();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        var body = data == "long" ? $"{words}{new string('x', (64 * 1024) - words.Length)}" : $"{data} {words}";
        await tab.GiveKeyAsync(target.Client);
        await tab.Page.SetViewportSizeAsync(360, 740);

        await tab.PublishAsync(body);

        await tab.WaitForEventAsync(body.Length > 500 ? $"{body[..500]}… ({body.Length} characters)" : body);
        await tab.Page.PressAsync("#timeline", "End");
        Assert.Equal(0, await tab.CountAsync("main :is(img, script, #log td *, #readout *, text *)"));
        Assert.False(await tab.Page.EvaluateAsync<bool>("'ran' in window"));
        await AssertNoHorizontalScrollAsync(tab);
        await tab.AssertWellAsync();
    }

    [SkippableFact]
    public async Task Both_languages_have_all_texts()
    {
        const string Shape = """
            texts => JSON.stringify(texts, function shape(key, value) { return typeof value === 'function' ? 'function of ' + value.length : typeof value === 'string' ? 'text' : value })
            """;
        Chromium.SkipIfNotInstalled();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);

        Assert.Equal(
            await tab.Page.EvaluateAsync<string>($"({Shape})(texts.en)"),
            await tab.Page.EvaluateAsync<string>($"({Shape})(texts['zh-CN'])"));
        var english = await TextsAsync(tab);
        await tab.AssertWellAsync();
        await tab.Page.ClickAsync("text=中文");
        var chinese = await TextsAsync(tab);

        Assert.DoesNotContain("", english);
        Assert.Empty(english.Intersect(chinese).Except(["CPU"]));
        Assert.DoesNotContain("undefined", await tab.Page.InnerTextAsync("body"), StringComparison.Ordinal);
        Assert.Equal("zh-CN", await tab.Page.GetAttributeAsync("html", "lang"));
        Assert.Equal("遗漏 0，重复 0", await tab.Page.InnerTextAsync("#check"));
        await tab.Page.ReloadAsync();
        Assert.Equal("zh-CN", await tab.Page.GetAttributeAsync("html", "lang")); // remembered
    }

    [SkippableFact]
    public async Task Demo_page_fits_a_narrow_screen_in_both_languages()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.SeldomOnlyInFull);
        Chromium.SkipIfNotInstalled();
        await using var tab = await DemoTab.OpenLiveAsync(browser, target.BaseAddress);
        await tab.WaitUntilAsync("() => document.querySelector('#runtime tr')");
        await tab.Page.SetViewportSizeAsync(320, 640);

        await AssertNoHorizontalScrollAsync(tab);
        await tab.Page.ClickAsync("text=中文");
        await AssertNoHorizontalScrollAsync(tab);
    }

    /// <summary>The texts that stand in the page as they are.</summary>
    private static async Task<string[]> TextsAsync(DemoTab tab) =>
        (await tab.Page.EvaluateAsync<JsonElement>("[...document.querySelectorAll('[data-text]')].map(element => element.textContent)")).Deserialize<string[]>()!;

    private static async Task AssertNoHorizontalScrollAsync(DemoTab tab)
    {
        var width = await tab.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(width <= tab.Page.ViewportSize!.Width, $"{width} px on a screen of {tab.Page.ViewportSize.Width}");
    }
}
