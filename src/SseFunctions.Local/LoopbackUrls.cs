using System.Globalization;
using System.Net;

namespace SseFunctions.Local;

/// <summary>
/// Decides what the local host listens on: --urls or ASPNETCORE_URLS, else the port that local.settings.json gives func, and
/// only loopback.
/// </summary>
internal static class LoopbackUrls
{
    /// <summary>Where func's port is in the configuration, and in the file.</summary>
    public const string PortKey = "Host:LocalHttpPort";

    /// <summary>func's default.</summary>
    private const ushort DefaultPort = 7071;

    /// <exception cref="LocalHostException">An address is not loopback, or the port is none.</exception>
    public static string[] Check(IConfiguration configuration)
    {
        if (configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
            throw new LocalHostException("Kestrel:Endpoints cannot be used: the local host checks no keys and takes its addresses from --urls, loopback only.");

        var fallback = $"http://localhost:{Port(configuration)}";
        var urls = (configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } given ? given : fallback)
            .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var url in urls.Where(url => !IsLoopback(url)))
            throw new LocalHostException($"--urls has {url}: the local host checks no keys, so it listens on loopback only, such as {fallback}.");

        return urls;
    }

    private static ushort Port(IConfiguration configuration)
    {
        if (configuration[PortKey] is not { Length: > 0 } text)
            return DefaultPort;

        return ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
            ? port
            : throw new LocalHostException($"Host.LocalHttpPort is '{text}'; allowed is a port from 1 to {ushort.MaxValue}.");
    }

    private static bool IsLoopback(string url)
    {
        try
        {
            // Kestrel's own reading of the address: '*' and '+' are hosts there, and anything unknown means all interfaces.
            var host = BindingAddress.Parse(url).Host;
            return host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
