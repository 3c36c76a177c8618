using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.AI;

namespace SseFunctions.EndToEnd.Runs;

/// <summary>A language model that says what a test tells it to, when it does.</summary>
internal sealed class ScriptedModel : IChatClient
{
    private readonly Channel<string> script = Channel.CreateUnbounded<string>();

    /// <summary>What it was asked last.</summary>
    public string? Asked { get; private set; }

    /// <summary>All that it was told to say.</summary>
    public string Said { get; private set; } = "";

    public void Say(params string[] tokens)
    {
        foreach (var token in tokens)
        {
            Said += token;
            script.Writer.TryWrite(token);
        }
    }

    /// <summary>Ends the answer, or breaks it off.</summary>
    public void End(Exception? fault = null) => script.Writer.Complete(fault);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Asked = messages.LastOrDefault()?.Text;
        await foreach (var token in script.Reader.ReadAllAsync(cancellationToken))
            yield return new ChatResponseUpdate(ChatRole.Assistant, token);
    }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
