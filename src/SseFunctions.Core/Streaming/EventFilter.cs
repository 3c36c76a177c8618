using System.Text;

namespace SseFunctions.Streaming;

/// <summary>The types of events that a reader wants. Filters of the same types are equal, so that readers share what is made for one.</summary>
internal sealed class EventFilter : IEquatable<EventFilter>
{
    /// <summary>How many types a reader may name.</summary>
    public const int MaxTypes = 16;

    /// <summary>No type has a line feed.</summary>
    private const char Separator = '\n';

    private readonly string key;
    private readonly byte[][] types;

    /// <param name="types">At least one; repetitions and the order do not matter.</param>
    public EventFilter(IEnumerable<string> types)
    {
        string[] distinct = [.. types.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        key = string.Join(Separator, distinct);
        this.types = [.. distinct.Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>Whether the reader wants an event.</summary>
    /// <param name="frame">As <see cref="SseFrame.WriteEvent"/> has written it.</param>
    public bool Passes(ReadOnlySpan<byte> frame)
    {
        var type = SseFrame.TypeOf(frame);
        foreach (var wanted in types)
        {
            if (type.SequenceEqual(wanted))
                return true;
        }

        return false;
    }

    public bool Equals(EventFilter? other) => key == other?.key;

    public override bool Equals(object? obj) => Equals(obj as EventFilter);

    public override int GetHashCode() => key.GetHashCode(StringComparison.Ordinal);
}
