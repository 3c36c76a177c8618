using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Servers;

/// <summary>SseFunctions in its local host, publishing included, on Azurite in a process of its own.</summary>
internal sealed class Emitter : Server
{
    public const string Topic = "bench";

    private const string WantedType = "wanted";

    private readonly LocalHostProcess host;

    private Emitter(LocalHostProcess host)
        : base("SseFunctions", host.BaseAddress.Port) => this.host = host;

    /// <summary>How many events of another type are published with each event, which the streams leave out.</summary>
    public int Unwanted { get; init; }

    public override string StreamPath => $"/api/events/{Topic}" + (Unwanted > 0 ? $"?type={WantedType}" : "");

    protected override IEnumerable<int> ProcessIds => [host.ProcessId];

    /// <param name="table">The name of its table; null for a new one.</param>
    /// <param name="settings">Environment variables such as "Stream__Lifetime=00:00:05".</param>
    public static Task<Emitter> StartAsync(string? table = null, params string[] settings) => StartFilteredAsync(0, table, settings);

    /// <param name="unwanted">See <see cref="Unwanted"/>.</param>
    /// <inheritdoc cref="StartAsync"/>
    public static async Task<Emitter> StartFilteredAsync(int unwanted, string? table = null, params string[] settings) =>
        new(await LocalHostProcess.StartAsync(table ?? TestStorage.NewTableName(), [TestHost.NoClock, TestHost.NoRuntime, TestHost.NoRetention, "Stream__MaxStreams=20000", TestHost.LongLifetime, .. settings])) { Unwanted = unwanted };

    /// <summary>How many events an append takes at most.</summary>
    public const int MaxBatch = 98;

    /// <summary>The id of the oldest event.</summary>
    public async Task<string> FirstIdAsync() => (await host.Client.GetFromJsonAsync<JsonElement>($"topics/{Topic}")).GetProperty("first").GetString()!;

    public override Task PublishAsync(params IReadOnlyList<string> data) => Unwanted == 0 ? PublishToAsync(Topic, data) : PublishTypedAsync(data);

    public async Task PublishToAsync(string topic, IReadOnlyList<string> data)
    {
        foreach (var batch in data.Chunk(MaxBatch))
        {
            using var body = batch.Length == 1
                ? new StringContent(batch[0], Encoding.UTF8, "text/plain")
                : new StringContent(string.Join('\n', batch.Select(text => $$"""{"data":"{{text}}"}""")), Encoding.UTF8, "application/x-ndjson");
            using var answer = await host.Client.PostAsync($"events/{topic}", body);
            answer.EnsureSuccessStatusCode();
        }
    }

    private async Task PublishTypedAsync(IReadOnlyList<string> data)
    {
        foreach (var text in data)
        {
            var types = Enumerable.Repeat("other", Unwanted).Append(WantedType);
            using var body = new StringContent(string.Join('\n', types.Select(type => $$"""{"type":"{{type}}","data":"{{text}}"}""")), Encoding.UTF8, "application/x-ndjson");
            using var answer = await host.Client.PostAsync($"events/{Topic}", body);
            answer.EnsureSuccessStatusCode();
        }
    }

    public override ValueTask DisposeAsync() => host.DisposeAsync();
}
