using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.Local;

namespace SseFunctions.TestSupport;

/// <summary>The local host within the test's process, on a free port: real sockets, real Azurite, and time as the test wants it.</summary>
public sealed class TestHost : IAsyncDisposable
{
    /// <summary>Settings of a host whose timers do not tick: once a year.</summary>
    public const string NoClock = "ClockSchedule=" + Yearly;
    public const string NoRuntime = "RuntimeSchedule=" + Yearly;
    public const string NoRetention = "RetentionSchedule=" + Yearly;

    /// <summary>Streams live as long as they may, of a host whose test takes minutes on a slow machine.</summary>
    public const string LongLifetime = "Stream__Lifetime=00:03:45";

    private const string Yearly = "0 0 0 1 1 *";

    private readonly WebApplication app;

    private TestHost(WebApplication app, string table)
    {
        this.app = app;
        Table = table;
        BaseAddress = new Uri(app.Urls.First() + "/api/");
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The root of the API, with a slash at its end.</summary>
    public Uri BaseAddress { get; }

    /// <summary>A client that leaves at once when a response is disposed.</summary>
    public HttpClient Client { get; }

    public string Table { get; }

    public IServiceProvider Services => app.Services;

    /// <param name="settings">Pairs such as "Stream:Lifetime=00:00:05"; all topics are readable unless they say otherwise.</param>
    /// <param name="time">Null for a <see cref="PatientClock"/>.</param>
    /// <param name="connectionString">Null for Azurite itself.</param>
    /// <param name="table">Null for a new one.</param>
    /// <param name="configure">Further changes.</param>
    public static async Task<TestHost> StartAsync(
        string[]? settings = null,
        TimeProvider? time = null,
        string? connectionString = null,
        string? table = null,
        Action<WebApplicationBuilder>? configure = null)
    {
        table ??= TestStorage.NewTableName();
        connectionString ??= await TestStorage.ConnectionStringAsync();
        string[] arguments =
        [
            .. Arguments(table, connectionString),
            $"--{NoClock}", // a test that wants ticks says so
            $"--{NoRuntime}",
            $"--{NoRetention}",
            .. time is null ? (string[])["--Stream:Heartbeat=00:03:00"] : [], // else one comes in the middle of a test on a busy machine
            .. (settings ?? []).Select(setting => "--" + setting),
        ];
        var app = LocalHost.Build(arguments, builder =>
        {
            builder.Services.AddSingleton(time ?? PatientClock.Instance);
            configure?.Invoke(builder);
        });
        await app.StartAsync();
        return new TestHost(app, table);
    }

    /// <summary>
    /// What <see cref="LocalHostProcess.StartAsync(string, string[])"/> starts, timers included, without a process of its own and with
    /// a <see cref="PatientClock"/>: for a test that does not kill it.
    /// </summary>
    /// <param name="table">The name of its table.</param>
    /// <param name="settings">Pairs such as "Stream__Lifetime=00:00:05".</param>
    public static async Task<TestHost> StartOnAsync(string table, params string[] settings)
    {
        string[] arguments =
        [
            .. Arguments(table, await TestStorage.ConnectionStringAsync()),
            .. settings.Select(setting => setting.Split('=', 2)).Select(pair => $"--{pair[0].Replace("__", ":", StringComparison.Ordinal)}={pair[1]}"),
        ];
        var app = LocalHost.Build(arguments, builder => builder.Services.AddSingleton<TimeProvider>(PatientClock.Instance));
        await app.StartAsync();
        return new TestHost(app, table);
    }

    public Task<SseStream> OpenAsync(string path, string? lastEventId = null) => SseStream.OpenAsync(Client, path, lastEventId);

    /// <inheritdoc cref="SseStream.OpenLiveAsync"/>
    public Task<SseStream> OpenLiveAsync(string path) => SseStream.OpenLiveAsync(Client, path);

    /// <summary>Publishes texts one by one and returns their ids.</summary>
    public Task<IReadOnlyList<string>> PublishAsync(string topic, params string[] texts) => PublishAsync(Client, topic, texts);

    public static async Task<IReadOnlyList<string>> PublishAsync(HttpClient client, string topic, params string[] texts)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(texts);
        var ids = new List<string>();
        foreach (var text in texts)
        {
            using var body = new StringContent(text, Encoding.UTF8, "text/plain");
            using var answer = await client.PostAsync($"events/{topic}", body).WaitAsync(SseStream.Timeout);
            answer.EnsureSuccessStatusCode();
            var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
            ids.AddRange(json.GetProperty("ids").EnumerateArray().Select(id => id.GetString()!));
        }

        return ids;
    }

    public Task StopAsync() => app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }

    private static string[] Arguments(string table, string connectionString) =>
    [
        "--urls=http://127.0.0.1:0",
        $"--EventLog:ConnectionString={connectionString}",
        $"--EventLog:TableName={table}",
        "--EventLog:tableServiceUri=", // whatever a developer's own local.settings.json says
        "--EventLog:accountName=",
    ];
}
