using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>Reads the parameter <c>type</c>, which may be given several times: the types of events that the client wants.</summary>
internal static class TypeFilter
{
    private const string Parameter = "type";

    /// <returns>Null when the client wants all.</returns>
    /// <exception cref="InvalidInputException">There are too many, or one that no event can have.</exception>
    public static EventFilter? Read(HttpRequest http)
    {
        var types = http.Query[Parameter].OfType<string>().Where(type => type.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        if (types.Count > EventFilter.MaxTypes)
        {
            throw new InvalidInputException(
                Parameter, $"the query names {types.Count} types; {EventFilter.MaxTypes} are allowed.", EventFilter.MaxTypes, types.Count, tooLarge: true);
        }

        types.ForEach(NewEvent.ValidateType);
        return types.Count > 0 ? new EventFilter(types) : null;
    }
}
