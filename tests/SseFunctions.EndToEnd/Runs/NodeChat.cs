using System.Diagnostics;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Runs;

/// <summary>A page with the AI SDK's chat, in a process of its own.</summary>
internal sealed class NodeChat(Process node) : IAsyncDisposable
{
    /// <param name="api">Where the function app is.</param>
    /// <param name="topic">The chat's last run, which an earlier page has remembered; null for none.</param>
    public static async Task<NodeChat> OpenAsync(Uri api, string? topic = null) =>
        new(await NodeFolder.StartAsync(["chat.mjs", api.AbsoluteUri.TrimEnd('/'), "chat", .. topic is null ? (string[])[] : [topic]]));

    /// <summary>Says something; nothing resumes the run.</summary>
    public async Task SayAsync(string text)
    {
        await node.StandardInput.WriteLineAsync(text);
        await node.StandardInput.FlushAsync();
    }

    public Task ResumeAsync() => SayAsync("");

    /// <summary>Reads until the page shows what the test waits for.</summary>
    public async Task<JsonElement> ReadAsync(Func<JsonElement, bool> until)
    {
        while (true)
        {
            var line = await node.StandardOutput.ReadLineAsync().WaitAsync(SseStream.Timeout) ?? throw new InvalidOperationException("The chat has ended.");
            var state = JsonDocument.Parse(line).RootElement;
            if (until(state))
                return state;
        }
    }

    public Task<JsonElement> ReadTextAsync(string text) => ReadAsync(state => state.GetProperty("text").GetString() == text);

    public Task<JsonElement> ReadStatusAsync(string status) => ReadAsync(state => state.GetProperty("status").GetString() == status);

    /// <summary>The page is closed, or goes with its device (SIGKILL).</summary>
    public async ValueTask DisposeAsync()
    {
        node.Kill();
        await node.WaitForExitAsync().WaitAsync(SseStream.Timeout);
        node.Dispose();
    }
}
