namespace SseFunctions.EndToEnd.Support;

/// <summary>Tests that hold a requirement in seconds against the clock: they run when no others do.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TimedCollection
{
    public const string Name = "Timed";
}
