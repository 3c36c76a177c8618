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
    private readonly WebApplication app;

    private TestHost(WebApplication app, string table)
    {
        this.app = app;
        Table = table;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First() + "/api/"), Timeout = Timeout.InfiniteTimeSpan };
    }

    public HttpClient Client { get; }

    public string Table { get; }

    public IServiceProvider Services => app.Services;

    /// <param name="settings">Pairs such as "Stream:Lifetime=00:00:05"; all topics are readable unless they say otherwise.</param>
    /// <param name="time">Null for the system's.</param>
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
            "--urls=http://127.0.0.1:0",
            $"--EventLog:ConnectionString={connectionString}",
            $"--EventLog:TableName={table}",
            "--EventLog:tableServiceUri=", // whatever a developer's own local.settings.json says
            "--EventLog:accountName=",
            "--ClockSchedule=0 0 0 1 1 *", // a test that wants ticks says so
            "--RuntimeSchedule=0 0 0 1 1 *",
            "--RetentionSchedule=0 0 0 1 1 *",
            .. (settings ?? []).Select(setting => "--" + setting),
        ];
        var app = LocalHost.Build(arguments, builder =>
        {
            if (time is not null)
                builder.Services.AddSingleton(time);

            configure?.Invoke(builder);
        });
        await app.StartAsync();
        return new TestHost(app, table);
    }

    public Task<SseStream> OpenAsync(string path, string? lastEventId = null) => SseStream.OpenAsync(Client, path, lastEventId);

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
            using var answer = await client.PostAsync($"events/{topic}", body).WaitAsync(SseStream.Patience);
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
}
