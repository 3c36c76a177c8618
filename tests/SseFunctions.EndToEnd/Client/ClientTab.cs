using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Client;

/// <summary>A tab with client.js and what it has dispatched.</summary>
internal sealed class ClientTab(IPage page, Uri baseAddress)
{
    /// <summary>Whether this tab has the connection.</summary>
    public const string Leads = "sources.some(source => source.readyState < 2)";

    /// <summary>Whether this tab has a connection that is open.</summary>
    public const string Streams = "sources.some(source => source.readyState === 1)";

    /// <summary>Keeps the browser's own EventSources within the tests' sight.</summary>
    private const string Watch = """
        window.sources = [];
        window.EventSource = class extends EventSource {
          constructor(...given) {
            super(...given);
            sources.push(this);
          }
        };
        """;

    private const string Open = """
        async ([client, path, options, types]) => {
          const { openEvents } = await import(client);
          window.seen = [];
          window.resets = [];
          window.errors = [];
          window.opened = window.completed = 0;
          window.hear = event => seen.push([event.lastEventId, event.type, event.data]);
          window.events = openEvents(path, (0, eval)(`(${options})`));
          events.onopen = () => opened++;
          events.onerror = event => errors.push([events.readyState, event.status ?? -1]);
          events.addEventListener('sse.reset', event => resets.push([event.detail.topic, event.detail.reason, event.detail.lost, event.detail.resumeFrom, event.lastEventId]));
          events.addEventListener('sse.complete', () => completed++);
          for (const type of types)
            events.addEventListener(type, hear);
        }
        """;

    public IPage Page => page;

    /// <summary>Whether client.js polls with this request, and not the browser's EventSource.</summary>
    public static bool IsPoll(HttpContext context) => context.Request.Query.ContainsKey("mode");

    /// <summary>The channel of tabs that share by default.</summary>
    public static string ChannelOf(Uri baseAddress, string path) => $"sse true false {new Uri(baseAddress, path)}";

    /// <summary>Opens a page of the host in the profile, without a stream.</summary>
    public static async Task<ClientTab> NewAsync(IBrowserContext profile, Uri baseAddress)
    {
        var page = await profile.NewPageAsync();
        page.SetDefaultTimeout((float)SseStream.Timeout.TotalMilliseconds);
        await page.AddInitScriptAsync(Watch);
        await page.GotoAsync(new Uri(baseAddress, "health").AbsoluteUri);
        return new ClientTab(page, baseAddress);
    }

    /// <summary>Opens a page of the host in the profile, and a stream in it.</summary>
    /// <param name="profile">Tabs of one profile share.</param>
    /// <param name="baseAddress">The root of the API.</param>
    /// <param name="path">The stream's, below it.</param>
    /// <param name="options">The client's options as JavaScript.</param>
    /// <param name="types">The types to listen for.</param>
    public static async Task<ClientTab> OpenAsync(IBrowserContext profile, Uri baseAddress, string path, string options = "{}", params string[] types)
    {
        var tab = await NewAsync(profile, baseAddress);
        await tab.OpenAsync(path, options, types);
        return tab;
    }

    /// <summary>As <see cref="OpenAsync(IBrowserContext, Uri, string, string, string[])"/>, and waits until the connection is open.</summary>
    public static async Task<ClientTab> OpenLiveAsync(IBrowserContext profile, Uri baseAddress, string path, string options = "{}", params string[] types)
    {
        var tab = await OpenAsync(profile, baseAddress, path, options, types);
        await tab.WaitUntilOpenAsync();
        return tab;
    }

    public Task OpenAsync(string path, string options = "{}", params string[] types) => page.EvaluateAsync(
        Open,
        new object[] { new Uri(baseAddress, "client.js").AbsoluteUri, new Uri(baseAddress, path).AbsoluteUri, options, types.Length > 0 ? types : ["message"] });

    /// <summary>Waits for so many dispatched events and returns all.</summary>
    public async Task<IReadOnlyList<SseMessage>> ReadEventsAsync(int count)
    {
        await WaitUntilAsync($"seen.length >= {count.ToString(CultureInfo.InvariantCulture)}");
        return await SeenAsync();
    }

    /// <summary>What has been dispatched so far.</summary>
    public async Task<IReadOnlyList<SseMessage>> SeenAsync() =>
        [.. (await page.EvaluateAsync<JsonElement>("seen")).EnumerateArray().Select(e => new SseMessage(e[0].GetString(), e[1].GetString()!, e[2].GetString()!))];

    /// <summary>Waits until the client's connection, or its leader's, is open.</summary>
    public Task WaitUntilOpenAsync() => WaitUntilAsync("events.readyState === 1");

    public Task WaitUntilAsync(string condition) => page.WaitForFunctionAsync($"() => {condition}", options: Chromium.Look);

    public Task<T> EvaluateAsync<T>(string expression) => page.EvaluateAsync<T>(expression);

    /// <summary>Runs statements and returns how many requests the page has made by their end.</summary>
    public Task<int> FetchesAtAsync(string statements) => page.EvaluateAsync<int>($$"""
        () => {
          const { fetch } = window;
          let fetches = 0;
          window.fetch = (...given) => (fetches++, fetch(...given));
          {{statements}};
          window.fetch = fetch;
          return fetches;
        }
        """);

    /// <summary>Puts the page's clock forward, runs statements and returns how often the page has stolen a lock by their end.</summary>
    public Task<int> StealsAtAsync(TimeSpan later, string statements) => page.EvaluateAsync<int>($$"""
        () => {
          const { now } = Date;
          Date.now = () => now() + {{(long)later.TotalMilliseconds}};
          const request = navigator.locks.request.bind(navigator.locks);
          let steals = 0;
          navigator.locks.request = (...given) => (steals += given[1].steal ? 1 : 0, request(...given));
          {{statements}};
          navigator.locks.request = request;
          return steals;
        }
        """);

    /// <summary>Counts from now on, as fetches, the requests that the page makes.</summary>
    public Task CountFetchesAsync() => page.EvaluateAsync("""
        () => {
          const { fetch } = window;
          window.fetches = 0;
          window.fetch = (...given) => (fetches++, fetch(...given));
        }
        """);

    /// <summary>Counts from now on, as steals, the locks that the page takes from others.</summary>
    public Task CountStealsAsync() => page.EvaluateAsync("""
        () => {
          const request = navigator.locks.request.bind(navigator.locks);
          window.steals = 0;
          navigator.locks.request = (...given) => (steals += given[1].steal ? 1 : 0, request(...given));
        }
        """);

    /// <summary>Counts from now on, as heard, what comes on the channel of the tabs that share a stream by default.</summary>
    /// <param name="path">The stream's.</param>
    /// <param name="which">Which data count; by default all.</param>
    public Task CountHeardAsync(string path, string which = "true") => page.EvaluateAsync(
        $"name => {{ window.heard = 0; (window.ear = new BroadcastChannel(name)).onmessage = ({{ data }}) => heard += {which} ? 1 : 0; }}", ChannelOf(baseAddress, path));

    /// <summary>Records from now on, as waits, the times for which the page sets timers, in milliseconds.</summary>
    /// <param name="random">What chance is from now on, from 0 to 1.</param>
    public Task RecordWaitsAsync(double random) => page.EvaluateAsync(
        """
        random => {
          const { setTimeout } = window;
          Math.random = () => random;
          window.waits = [];
          window.setTimeout = (callback, wait) => (waits.push(wait), setTimeout(callback, wait));
        }
        """,
        random);

    /// <summary>Waits until one of the tabs leads; one that goes back has no connection for a moment.</summary>
    public static async Task<ClientTab> LeaderAsync(List<ClientTab> tabs)
    {
        var leading = tabs.Select(tab => tab.WaitUntilAsync(Leads)).ToList();
        var first = await Task.WhenAny(leading);
        await first;
        return tabs[leading.IndexOf(first)];
    }

    /// <summary>Kills the tab's process.</summary>
    public async Task CrashAsync()
    {
        var crashed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        page.Crash += (_, _) => crashed.TrySetResult();
        var session = await page.Context.NewCDPSessionAsync(page);
        _ = session.SendAsync("Page.crash").ContinueWith(task => task.Exception, TaskScheduler.Default); // there is nobody left to answer
        await crashed.Task.WaitAsync(SseStream.Timeout);
    }
}
