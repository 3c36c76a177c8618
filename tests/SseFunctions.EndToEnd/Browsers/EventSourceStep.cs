using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Browsers;

/// <summary>One thing that happened to an EventSource.</summary>
/// <param name="Name">open or error, its own; event for one of the stream.</param>
/// <param name="State">Its readyState at that moment.</param>
/// <param name="Message">The stream's event; null for its own.</param>
public sealed record EventSourceStep(string Name, EventSourceState State, SseMessage? Message)
{
    /// <summary>Reads what node/record.mjs reports.</summary>
    public static EventSourceStep From(JsonElement step)
    {
        var name = step.GetProperty("step").GetString()!;
        return new(name, (EventSourceState)step.GetProperty("readyState").GetInt32(), name == "event" ? new SseMessage(Text("id"), Text("type"), Text("data")) : null);

        string Text(string member) => step.GetProperty(member).GetString()!;
    }

    public override string ToString() => $"{Name}-{State}";
}
