using Microsoft.Extensions.Configuration.Memory;

namespace SseFunctions.Local;

/// <summary>
/// Reads local.settings.json, as func does, and without that file local.settings.sample.json: the app settings in Values, and
/// LocalHttpPort, CORS and CORSCredentials in Host.
/// </summary>
internal static class LocalSettings
{
    /// <summary>Puts them behind environment variables and the command line.</summary>
    public static void AddTo(IConfigurationBuilder configuration) => AddTo(configuration, File());

    /// <param name="configuration">Gets the Values as they are, and Host's as Host:LocalHttpPort, Host:CORS and Host:CORSCredentials.</param>
    /// <param name="file">The file's full path.</param>
    public static void AddTo(IConfigurationBuilder configuration, string file)
    {
        var json = new ConfigurationBuilder().AddJsonFile(file).Build();
        var values = json
            .GetSection("Values")
            .GetChildren()
            .Select(value => KeyValuePair.Create(value.Key.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal), value.Value))
            .Concat(CrossOrigin.Keys.Append(LoopbackUrls.PortKey).Select(key => KeyValuePair.Create(key, json[key])).Where(host => host.Value is not null));
        configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = values });
    }

    private static string File()
    {
        var own = Path.Combine(AppContext.BaseDirectory, "local.settings.json");
        return System.IO.File.Exists(own) ? own : Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json");
    }
}
