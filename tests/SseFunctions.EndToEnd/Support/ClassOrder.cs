using Xunit.Abstractions;

[assembly: TestCollectionOrderer("SseFunctions.EndToEnd.Support.ClassOrder", "SseFunctions.EndToEnd")]

namespace SseFunctions.EndToEnd.Support;

/// <summary>
/// The order in which classes begin. Those of one browser begin together, so that it starts once and not again and again; what takes
/// longest, the tests under fire, comes next.
/// </summary>
public sealed class ClassOrder : ITestCollectionOrderer
{
    private static readonly string[] First = ["InFirefox", "InWebKit", "UnderFire"];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) => testCollections
        .OrderBy(classes => Array.FindIndex(First, part => classes.DisplayName.Contains(part, StringComparison.Ordinal)) is >= 0 and var place ? place : First.Length)
        .ThenBy(classes => classes.DisplayName, StringComparer.Ordinal);
}
