using Microsoft.Extensions.Configuration.Memory;

namespace SseFunctions.Local;

/// <summary>Reads the Values of local.settings.json, as func does; without that file those of local.settings.sample.json.</summary>
internal static class LocalSettings
{
    /// <summary>Puts them behind environment variables and the command line.</summary>
    public static void AddTo(IConfigurationBuilder configuration)
    {
        var values = new ConfigurationBuilder()
            .AddJsonFile(File())
            .Build()
            .GetSection("Values")
            .GetChildren()
            .Select(value => KeyValuePair.Create(value.Key.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal), value.Value));
        configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = values });
    }

    private static string File()
    {
        var own = Path.Combine(AppContext.BaseDirectory, "local.settings.json");
        return System.IO.File.Exists(own) ? own : Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json");
    }
}
