using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>
/// What the black-box tests talk to: the base URL in SSE_TARGET, such as http://localhost:7071/api, with the key in
/// SSE_TARGET_KEY where publishing needs one; without it a local host for each class.
/// </summary>
/// <remarks>Nothing in such a test may depend on being alone there: each uses topics of its own.</remarks>
public class Target : IAsyncLifetime, IDisposable
{
    public const string UrlVariable = "SSE_TARGET";
    private const string KeyVariable = "SSE_TARGET_KEY";

    private TestHost? own;
    private HttpClient? client;

    /// <summary>Why a test that starts and kills hosts is skipped; null where it need not be.</summary>
    public static string? NoProcessControl => Given(UrlVariable) is { } url
        ? $"{UrlVariable} is {url}: this test starts and ends local hosts of its own, so it says nothing about that target."
        : null;

    /// <summary>The root of the API, with a slash at its end.</summary>
    public Uri BaseAddress => Client.BaseAddress!;

    public HttpClient Client => client!;

    public async Task InitializeAsync() => client = await ConnectAsync();

    public virtual async Task DisposeAsync()
    {
        if (own is not null)
            await own.DisposeAsync();
    }

    public void Dispose()
    {
        client?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <returns>A client of what is tested, with the key where it needs one.</returns>
    protected virtual async Task<HttpClient> ConnectAsync()
    {
        own = Given(UrlVariable) is null ? await TestHost.StartOnAsync(TestStorage.NewTableName(), Settings) : null;
        var address = await ReachAsync(own?.BaseAddress ?? new Uri(Given(UrlVariable)!.TrimEnd('/') + "/"));
        return NewClient(address, Given(KeyVariable));
    }

    protected static HttpClient NewClient(Uri address, string? key)
    {
        var handler = new RepeatedReads(new SocketsHttpHandler { UseProxy = !address.IsLoopback, ResponseDrainTimeout = TimeSpan.Zero });
        var client = new HttpClient(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
            client.DefaultRequestHeaders.Add("x-functions-key", key);

        return client;
    }

    /// <summary>The settings of a local host of its own.</summary>
    protected virtual string[] Settings => [];

    /// <summary>Where the tests find a host that is at the given address.</summary>
    protected virtual Task<Uri> ReachAsync(Uri host) => Task.FromResult(host);

    private static string? Given(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
