using System.Globalization;

namespace SseFunctions.TestSupport;

/// <summary>What a test at random draws from: another seed each run, or the one in SSE_FUZZ_SEED, to see a failure again.</summary>
public static class FuzzSeed
{
    private const string Variable = "SSE_FUZZ_SEED";

    public static int Value { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : Random.Shared.Next();

    public static string Hint { get; } = $"{Variable}={Value.ToString(CultureInfo.InvariantCulture)} draws the same again.";

    static FuzzSeed() => Console.WriteLine(Hint);
}
