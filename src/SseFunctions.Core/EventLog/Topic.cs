using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace SseFunctions.EventLog;

/// <summary>The name of a topic: <c>[A-Za-z0-9][A-Za-z0-9._-]{0,63}</c>, and so also a valid partition key and URL segment.</summary>
internal sealed partial record Topic
{
    public const int MaxLength = 64;

    public const string Rule = "a letter or digit, then up to 63 letters, digits, '.', '_' or '-'";

    private Topic(string name) => Name = name;

    public string Name { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Topic? topic)
    {
        topic = text is not null && Pattern().IsMatch(text) ? new Topic(text) : null;
        return topic is not null;
    }

    /// <exception cref="FormatException">The text is not a topic name.</exception>
    public static Topic Parse(string text) =>
        TryParse(text, out var topic) ? topic : throw new FormatException($"'{text}' is no topic name: {Rule}.");

    public override string ToString() => Name;

    // \z, not $: '$' would let a trailing newline pass.
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
