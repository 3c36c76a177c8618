using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace SseFunctions.EventLog;

/// <summary>
/// The id of an event, and so the cursor of a stream that has delivered it: <c>&lt;epoch&gt;-&lt;sequence in base 36&gt;</c>.
/// The epoch names the incarnation of the topic's log; sequences begin at 1 and have no holes.
/// </summary>
internal readonly record struct EventId(string Epoch, long Sequence)
{
    /// <summary>
    /// 36^8 - 1, eight digits. With a 6-character epoch an id has at most 15 bytes, so the ids of 8 topics and
    /// the dots between them fit in the 128 bytes that a browser may send in Last-Event-ID without a preflight.
    /// </summary>
    public const long MaxSequence = 2_821_109_907_455;

    private const int MinEpochLength = 4;
    private const int MaxEpochLength = 6;
    private const int MaxSequenceDigits = 8;
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";
    private static readonly SearchValues<char> DigitSet = SearchValues.Create(Digits);

    /// <summary>Before the first event of a log that does not exist yet. <see cref="NewEpoch"/> never makes this epoch.</summary>
    public static readonly EventId Start = new("0000", 0);

    /// <summary>A random epoch of 6 characters: one of 2 billion.</summary>
    public static string NewEpoch() => RandomNumberGenerator.GetString(Digits, MaxEpochLength);

    /// <summary>Accepts exactly what <see cref="ToString"/> writes.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out EventId id)
    {
        id = default;
        var dash = text?.IndexOf('-', StringComparison.Ordinal) ?? -1;
        if (dash is < MinEpochLength or > MaxEpochLength)
            return false;

        var epoch = text![..dash];
        var digits = text.AsSpan(dash + 1);
        if (epoch.AsSpan().ContainsAnyExcept(DigitSet) || digits.Length is 0 or > MaxSequenceDigits
            || (digits[0] == '0' && digits.Length > 1))
            return false;

        long sequence = 0;
        foreach (var digit in digits)
        {
            var value = Digits.IndexOf(digit, StringComparison.Ordinal);
            if (value < 0)
                return false;

            sequence = (sequence * Digits.Length) + value;
        }

        id = new EventId(epoch, sequence);
        return true;
    }

    public override string ToString()
    {
        Span<char> digits = stackalloc char[MaxSequenceDigits];
        var start = digits.Length;
        var rest = Sequence;
        do
        {
            digits[--start] = Digits[(int)(rest % Digits.Length)];
            rest /= Digits.Length;
        }
        while (rest > 0);
        return string.Concat(Epoch, "-", digits[start..]);
    }
}
