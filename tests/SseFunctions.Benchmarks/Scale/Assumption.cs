namespace SseFunctions.Benchmarks.Scale;

/// <summary>A number that the model rests on.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">In <paramref name="Unit"/>.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Source">Where it comes from.</param>
internal sealed record Assumption(string Name, double Value, string Unit, Source Source)
{
    public static implicit operator double(Assumption assumption) => assumption.Value;
}
