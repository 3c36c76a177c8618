using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;

namespace SseFunctions.Triggers;

/// <summary>What calls an HTTP function.</summary>
/// <param name="Function">Its name.</param>
/// <param name="Route">Below host.json's routePrefix.</param>
/// <param name="Methods">In lower case; none for all.</param>
internal sealed partial record FunctionRoute(string Function, string Route, IReadOnlyList<string> Methods)
{
    /// <summary>A route that two functions have would be answered 500, the app's own function included.</summary>
    /// <param name="functions">All of the app.</param>
    /// <param name="isOurs">Whether a function is of this library.</param>
    /// <exception cref="InvalidOperationException">One of the app's own has a route of one of ours.</exception>
    public static void RequireDistinct(IEnumerable<IFunctionMetadata> functions, Func<IFunctionMetadata, bool> isOurs)
    {
        var routes = functions.ToLookup(isOurs, Read);
        foreach (var own in routes[false].OfType<FunctionRoute>())
        {
            if (routes[true].OfType<FunctionRoute>().FirstOrDefault(own.Meets) is { } ours)
            {
                throw new InvalidOperationException(
                    $"Function {own.Function} and function {ours.Function} have the same route, {own.Route}. AddSseFunctions(sse => sse.RoutePrefix = \"...\") gives the latter another.");
            }
        }
    }

    private bool Meets(FunctionRoute other) => Shape(Route).Equals(Shape(other.Route), StringComparison.OrdinalIgnoreCase)
        && (Methods.Count == 0 || other.Methods.Count == 0 || Methods.Intersect(other.Methods).Any());

    /// <summary>Without the parameters' names, which make no difference to who is called.</summary>
    private static string Shape(string route) => Parameter().Replace(route, "{}").Trim('/');

    private static FunctionRoute? Read(IFunctionMetadata function)
    {
        var trigger = (function.RawBindings ?? []).Select(binding => JsonNode.Parse(binding)!.AsObject())
            .FirstOrDefault(binding => "httpTrigger".Equals((string?)binding["type"], StringComparison.OrdinalIgnoreCase));
        return trigger is null || function.Name is null ? null : new FunctionRoute(
            function.Name,
            (string?)trigger["route"] ?? function.Name,
            [.. (trigger["methods"] as JsonArray ?? []).Select(method => ((string?)method ?? "").ToLowerInvariant())]);
    }

    [GeneratedRegex(@"\{[^{}]*\}")]
    private static partial Regex Parameter();
}
