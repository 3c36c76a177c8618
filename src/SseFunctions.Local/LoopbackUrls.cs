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

    private const string Localhost = "localhost";

    /// <summary>RFC 6761, section 6.3: every name below localhost is loopback as well.</summary>
    private const string BelowLocalhost = ".localhost";

    /// <exception cref="LocalHostException">An address cannot be used, or the port is none.</exception>
    public static string[] Read(IConfiguration configuration)
    {
        if (configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
            throw new LocalHostException("Kestrel:Endpoints cannot be used: the local host checks no keys and takes its addresses from --urls, loopback only.");

        var fallback = $"http://{Localhost}:{Port(configuration)}";
        var urls = (configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } given ? given : fallback)
            .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return [.. urls.DefaultIfEmpty(fallback).Select(url => Check(url, fallback))];
    }

    /// <summary>The names by which requests may call the host: a foreign name that resolves to loopback is refused.</summary>
    /// <param name="urls">What it listens on.</param>
    public static string[] HostNames(IEnumerable<string> urls) =>
        [.. urls.Select(url => BindingAddress.Parse(url).Host).Concat([Localhost, $"*{BelowLocalhost}", "127.0.0.1", "[::1]"]).Distinct(StringComparer.OrdinalIgnoreCase)];

    private static string Check(string url, string example)
    {
        if (Parse(url) is not { } address || (address.Host.Contains(':') && !address.Host.StartsWith('['))) // a port that is no number is read as a part of the host
            throw new LocalHostException($"--urls has {url}; allowed is an address such as {example}.");

        if (!IsLoopback(address.Host))
            throw new LocalHostException($"--urls has {url}: the local host checks no keys, so it listens on loopback only, such as {example}.");

        if (address.Scheme.ToLowerInvariant() is not ("http" or "https"))
            throw new LocalHostException($"--urls has {url}; allowed is http or https, such as {example}.");

        if (address.PathBase.Length > 0)
            throw new LocalHostException($"--urls has {url}, with a path; allowed is an address without one, such as {example}. The path before the routes is routePrefix of host.json.");

        if (address.Port is < 0 or > ushort.MaxValue)
            throw new LocalHostException($"--urls has {url}; allowed is a port from 0 to {ushort.MaxValue}, 0 for a free one.");

        // A free port is one port of one address, and a name has two.
        return address.Port == 0 && IsName(address.Host) ? $"{address.Scheme}://127.0.0.1:0" : url;
    }

    private static ushort Port(IConfiguration configuration)
    {
        if (configuration[PortKey] is not { Length: > 0 } text)
            return DefaultPort;

        return ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
            ? port
            : throw new LocalHostException($"Host.LocalHttpPort is '{text}'; allowed is a port from 1 to {ushort.MaxValue}.");
    }

    /// <summary>Kestrel's own reading of the address: '*' and '+' are hosts there, and anything unknown means all interfaces.</summary>
    private static BindingAddress? Parse(string url)
    {
        try
        {
            return BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static bool IsLoopback(string host) =>
        IsName(host) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static bool IsName(string host) =>
        host.Equals(Localhost, StringComparison.OrdinalIgnoreCase) || host.EndsWith(BelowLocalhost, StringComparison.OrdinalIgnoreCase);
}
