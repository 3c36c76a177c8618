using System.Globalization;
using OpenQA.Selenium;
using OpenQA.Selenium.Remote;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>A session of WebKitWebDriver: it does one thing at a time, in the tab that is current.</summary>
internal sealed class WebKitProcess : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly WatchedProcess process;
    private readonly RemoteWebDriver driver;

    /// <summary>The tab that it began with. It stays: nothing can be done once the current tab is closed.</summary>
    private readonly string first;

    private WebKitProcess(WatchedProcess process, RemoteWebDriver driver) => (this.process, this.driver, first) = (process, driver, driver.CurrentWindowHandle);

    /// <summary>The browser that the package brings along; null where it is not there.</summary>
    public static string? MiniBrowser { get; } = Directory.Exists("/usr/lib")
        ? Directory.EnumerateDirectories("/usr/lib").SelectMany(folder => Directory.EnumerateDirectories(folder, "webkit2gtk-4.*"))
            .Select(folder => Path.Combine(folder, "MiniBrowser")).LastOrDefault(File.Exists)
        : null;

    public static async Task<WebKitProcess> StartAsync(string display, string driver)
    {
        var port = LocalHostProcess.FreePort();
        var process = WatchedProcess.Start(
            display,
            ["--auto-servernum", driver, string.Create(CultureInfo.InvariantCulture, $"--port={port}")],
            Path.GetTempPath(),
            [new("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1")]); // its sandbox needs rights that a container does not give
        try
        {
            await ListensAsync(port);
            return new WebKitProcess(process, await Task.Run(() => new RemoteWebDriver(new Uri($"http://127.0.0.1:{port}/"), new WebKitOptions(MiniBrowser!).ToCapabilities(), SseStream.Timeout)));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public Task<BrowserTab> NewTabAsync() => DoAsync<BrowserTab>(first, web => new WebKitTab(this, web.SwitchTo().NewWindow(WindowType.Window).CurrentWindowHandle));

    /// <param name="tab">The tab to do it in.</param>
    /// <param name="action">What to do.</param>
    public async Task<T> DoAsync<T>(string tab, Func<IWebDriver, T> action)
    {
        await gate.WaitAsync();
        try
        {
            return await Task.Run(() => action(driver.SwitchTo().Window(tab)));
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.Run(driver.Dispose);
        await process.DisposeAsync();
        gate.Dispose();
    }

    private static async Task ListensAsync(int port)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        while (await timer.WaitForNextTickAsync(timeout.Token))
        {
            try
            {
                using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/status"), timeout.Token);
                return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }
        }
    }
}
