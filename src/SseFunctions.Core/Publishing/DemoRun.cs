using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace SseFunctions.Publishing;

/// <summary>A run of the demo page: what a model or a job might write, piece by piece, and a checksum of all of it.</summary>
/// <param name="Kind">"answer", in words, or "job", in steps.</param>
/// <param name="Pieces">How many.</param>
/// <param name="Rate">Pieces a second.</param>
internal sealed record DemoRun(string Kind, int Pieces, int Rate)
{
    public const int MaxPieces = 2000;
    public const int MaxRate = 100;

    /// <summary>Topics of runs begin with this.</summary>
    public const string TopicPrefix = "demo-run-";

    /// <summary>Some of each kind of text that could be taken apart wrongly on its way.</summary>
    private static readonly string[] Words =
        ["Every ", "word ", "is ", "an ", "event: ", "größer ", "als ", "断线", "续传", "，", "\ud83d\ude80 ", "\"quoted\" ", "and ", "\n", "none ", "is ", "lost. "];

    public string Topic { get; } = TopicPrefix + RandomNumberGenerator.GetHexString(16, lowercase: true);

    /// <summary>All of it.</summary>
    public string Text => string.Concat(Enumerable.Range(0, Pieces).Select(Piece));

    /// <summary>FNV-1a, 32 bits, over UTF-16 code units, so that a script needs a line for it.</summary>
    public uint Checksum => Text.Aggregate(2166136261, (hash, unit) => (hash ^ unit) * 16777619);

    /// <summary>The pieces, each at its time.</summary>
    public async IAsyncEnumerable<SseEvent> RunAsync(TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / Rate), time);
        for (var number = 0; number < Pieces; number++)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            yield return new SseEvent(Piece(number), "piece");
        }

        yield return new SseEvent("", "done");
    }

    private string Piece(int number) => Kind == "job" ? $"Step {number + 1} of {Pieces} is done.\n" : Words[number % Words.Length];
}
