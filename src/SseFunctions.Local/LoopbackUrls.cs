using System.Net;

namespace SseFunctions.Local;

/// <summary>Decides what the local host listens on: --urls, ASPNETCORE_URLS or the default, and only loopback.</summary>
internal static class LoopbackUrls
{
    /// <exception cref="LocalHostException">An address is not loopback.</exception>
    public static string[] Check(IConfiguration configuration, string fallback)
    {
        if (configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
            throw new LocalHostException("Kestrel:Endpoints cannot be used: the local host checks no keys and takes its addresses from --urls, loopback only.");

        var urls = (configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } given ? given : fallback)
            .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var url in urls.Where(url => !IsLoopback(url)))
            throw new LocalHostException($"--urls has {url}: the local host checks no keys, so it listens on loopback only, such as {fallback}.");

        return urls;
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
