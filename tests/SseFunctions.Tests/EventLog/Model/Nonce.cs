namespace SseFunctions.Tests.EventLog.Model;

/// <summary>
/// What LogRows.AppendIdOf names: one try of a publisher's append, with all tries of its transaction. Its number is never 0. Writer
/// A's appends have idempotency keys and are repeated after a crash, under another nonce; writer B's have none.
/// </summary>
internal static class Nonce
{
    /// <summary>The highest.</summary>
    public const int Max = ModelOptions.Writers * MaxAppends * (MaxCrashes + 1);

    private const int MaxCrashes = 1;
    private const int MaxAppends = 3;

    public static byte Of(int writer, Writer state) => (byte)(1 + (((writer * MaxAppends) + state.Append) * (MaxCrashes + 1)) + state.Crashes);

    /// <summary>Which append: writer A's come first.</summary>
    public static int AppendOf(byte nonce) => (nonce - 1) / (MaxCrashes + 1);

    public static int AppendOf(int writer, Writer state) => (writer * MaxAppends) + state.Append;

    /// <param name="writer">Whose.</param>
    /// <param name="number">Which of its appends, from 0.</param>
    public static int AppendOf(int writer, int number) => (writer * MaxAppends) + number;

    public static bool HasKey(int writer) => writer == 0;

    public static int WriterOf(byte nonce) => AppendOf(nonce) / MaxAppends;
}
