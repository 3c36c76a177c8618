namespace SseFunctions.EndToEnd.Support;

/// <summary>An id read as the contract writes it: the epoch, a dash, the sequence in base 36.</summary>
internal sealed record PublishedId(string Epoch, long Sequence)
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    public static PublishedId Parse(string? id)
    {
        Assert.Matches("^[a-z0-9]{4,6}-(0|[1-9a-z][0-9a-z]*)$", id);
        var parts = id!.Split('-');
        return new PublishedId(parts[0], parts[1].Aggregate(0L, (value, digit) => (value * Digits.Length) + Digits.IndexOf(digit, StringComparison.Ordinal)));
    }

    /// <summary>Asserts that the ids follow one another without a hole.</summary>
    public static void AssertConsecutive(IEnumerable<string?> ids)
    {
        var parsed = ids.Select(Parse).ToList();
        Assert.NotEmpty(parsed);
        Assert.Equal(Enumerable.Range(0, parsed.Count).Select(i => parsed[0] with { Sequence = parsed[0].Sequence + i }), parsed);
    }

    public override string ToString()
    {
        var text = Sequence == 0 ? "0" : "";
        for (var rest = Sequence; rest > 0; rest /= Digits.Length)
            text = Digits[(int)(rest % Digits.Length)] + text;

        return $"{Epoch}-{text}";
    }
}
