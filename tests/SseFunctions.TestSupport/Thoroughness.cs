namespace SseFunctions.TestSupport;

/// <summary>How much a test does of what it could do for hours: enough for every run, or, with SSE_THOROUGH=1, all that a change must pass before it lands.</summary>
public static class Thoroughness
{
    private const string Variable = "SSE_THOROUGH";

    /// <summary>Why a test is skipped that only a thorough run does.</summary>
    public const string OnlyInFull = $"It runs with {Variable}=1: what it checks is checked in every run by another engine or on another target.";

    /// <summary>Why a test is skipped that takes long and of which every run does others of its kind.</summary>
    public const string LongOnlyInFull = $"It runs with {Variable}=1: it takes long, and others of its kind are in every run.";

    /// <summary>Why a test is skipped that takes long for a detail or a tool on which no promise depends.</summary>
    public const string SeldomOnlyInFull = $"It runs with {Variable}=1: it takes long, and what it checks seldom changes.";

    /// <summary>Why a test of a package is skipped.</summary>
    public const string PackagesOnlyInFull = $"It runs with {Variable}=1: a package is made for a release, and the code in it is tested in every run.";

    public static bool IsFull { get; } = Environment.GetEnvironmentVariable(Variable) == "1";

    /// <param name="brief">What every run does.</param>
    /// <param name="full">What a thorough run does.</param>
    public static T Choose<T>(T brief, T full) => IsFull ? full : brief;
}
