using System.Buffers.Text;
using System.Diagnostics;
using System.Text;

namespace SseFunctions.Benchmarks;

/// <summary>
/// The data of an event: its number, when it was published, and padding. Clients check the numbers (nothing lost, nothing
/// twice) and measure the way from publisher to client by the times, of the one clock that all processes of a machine share.
/// </summary>
internal static class BenchmarkEvent
{
    /// <summary>Digits of the number and of the time, and a space after each.</summary>
    public const int HeaderBytes = NumberDigits + 1 + TimeDigits + 1;

    private const int NumberDigits = 10;
    private const int TimeDigits = 19;

    public static string Create(long number, int bytes) => Create(number, bytes, Stopwatch.GetTimestamp());

    /// <param name="time">When it was to be published, of <see cref="Stopwatch"/>.</param>
    public static string Create(long number, int bytes, long time)
    {
        var text = new StringBuilder(bytes);
        text.Append(number.ToString("D10", null)).Append(' ').Append(time.ToString("D19", null)).Append(' ');
        return text.Append('x', Math.Max(0, bytes - text.Length)).ToString();
    }

    public static bool TryRead(ReadOnlySpan<byte> data, out long number, out long time)
    {
        (number, time) = (0, 0);
        if (data.StartsWith((byte)'"'))
            data = data[1..]; // of a batch, whose data are JSON
        return data.Length >= HeaderBytes
            && Utf8Parser.TryParse(data[..NumberDigits], out number, out _)
            && Utf8Parser.TryParse(data.Slice(NumberDigits + 1, TimeDigits), out time, out _);
    }
}
