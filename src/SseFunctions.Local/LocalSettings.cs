using System.Text.Json;
using Microsoft.Extensions.Configuration.Memory;
using SseFunctions.Configuration;

namespace SseFunctions.Local;

/// <summary>
/// Reads local.settings.json, as func does, and without that file local.settings.sample.json: the app settings in Values, and
/// LocalHttpPort, CORS and CORSCredentials in Host.
/// </summary>
internal static class LocalSettings
{
    /// <summary>What func's own parser takes as well.</summary>
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Environment variables and the command line override them.</summary>
    /// <exception cref="LocalHostException">The file cannot be used.</exception>
    public static void AddTo(IConfigurationBuilder configuration) => AddTo(configuration, FindFile());

    /// <param name="configuration">Gets the Values as they are, and Host's as Host:LocalHttpPort, Host:CORS and Host:CORSCredentials.</param>
    /// <param name="file">The file's full path.</param>
    /// <exception cref="LocalHostException">The file cannot be used.</exception>
    public static void AddTo(IConfigurationBuilder configuration, string file)
    {
        var name = Path.GetFileName(file);
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file), Lenient); // which leaves out a byte order mark
            foreach (var section in Members(json.RootElement, name))
                Add(section, name, settings);
        }
        catch (Exception ex) when (ex is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new LocalHostException(JsonFault.Describe(name, ex));
        }

        configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = settings });
    }

    private static void Add(JsonProperty section, string file, Dictionary<string, string?> settings)
    {
        if (Is(section, "IsEncrypted") && TextOf(section, file) is { } text && text.Equals(bool.TrueString, StringComparison.OrdinalIgnoreCase))
            throw new LocalHostException($"{file} is encrypted (IsEncrypted is true), and only func can read it; 'func settings decrypt' makes it readable.");

        if (Is(section, "Values"))
        {
            foreach (var value in Members(section.Value, $"{file}: Values"))
                settings[value.Name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)] = TextOf(value, $"{file}: Values");
        }

        if (Is(section, "Host"))
        {
            foreach (var value in Members(section.Value, $"{file}: Host").Where(value => CrossOrigin.Keys.Append(LoopbackUrls.PortKey).Contains($"Host:{value.Name}", StringComparer.OrdinalIgnoreCase)))
                settings[$"Host:{value.Name}"] = TextOf(value, $"{file}: Host");
        }
    }

    private static bool Is(JsonProperty section, string name) => section.Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static JsonElement.ObjectEnumerator Members(JsonElement element, string where) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject(),
        JsonValueKind.Null => default, // has no members
        _ => throw new LocalHostException($"{where} is {NameOf(element.ValueKind)}; allowed is an object."),
    };

    /// <returns>Null for null, which sets nothing.</returns>
    private static string? TextOf(JsonProperty property, string where) => property.Value.ValueKind switch
    {
        JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => property.Value.ToString(),
        JsonValueKind.Null => null,
        _ => throw new LocalHostException(
            $"{where} has '{property.Name}', which is {NameOf(property.Value.ValueKind)}; allowed is a text. Sections are written in the name, as in Stream__Lifetime."),
    };

    private static string NameOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => "a single value",
    };

    private static string FindFile()
    {
        var own = Path.Combine(AppContext.BaseDirectory, "local.settings.json");
        return File.Exists(own) ? own : Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json");
    }
}
