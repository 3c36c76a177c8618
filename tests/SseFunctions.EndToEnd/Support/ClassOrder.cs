using SseFunctions.TestSupport;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("SseFunctions.EndToEnd.Support.ClassOrder", "SseFunctions.EndToEnd")]

namespace SseFunctions.EndToEnd.Support;

/// <summary>
/// The order in which classes begin. Those of one browser begin together, so that it starts once and not again and again; what takes
/// longest, the tests under fire, comes next.
/// </summary>
/// <remarks>
/// A thorough run begins with the classes that take minutes, so that no core is idle at its end. The others have another order each
/// time, so that a test that depends on the order is found.
/// </remarks>
public sealed class ClassOrder : ITestCollectionOrderer
{
    private static readonly string[] First = Thoroughness.Choose<string[]>(brief: ["InFirefox", "InWebKit", "UnderFire"], full: ["UnderFire", "OverloadTests"]);

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) => testCollections
        .OrderBy(classes => Place(classes.DisplayName))
        .ThenBy(classes => Thoroughness.IsFull ? $"{classes.UniqueID}" : classes.DisplayName, StringComparer.Ordinal);

    private static int Place(string name) => Array.FindIndex(First, part => name.Contains(part, StringComparison.Ordinal)) is >= 0 and var place ? place : First.Length;
}
