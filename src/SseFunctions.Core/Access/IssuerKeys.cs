using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace SseFunctions.Access;

/// <summary>
/// An issuer's keys, by its discovery document (openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig). They are kept for as
/// long as the issuer cannot be reached: what they have verified is not refused because of that.
/// </summary>
internal sealed partial class IssuerKeys(Uri authority, TimeProvider time, ILogger logger)
{
    private const string DiscoveryPath = "/.well-known/openid-configuration";

    /// <summary>When keys are read again, while the old ones stay in use: so long a key that the issuer has withdrawn is accepted.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(1);

    /// <summary>How often the issuer is asked at most, whatever kids tokens have.</summary>
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(5);

    /// <summary>How long the reading of both documents may take: less than a request waits for its authorizer.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(4);

    private static readonly HttpClient Http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = TimeSpan.FromSeconds(30), // for a request that nobody waits for any more: the library does not cancel it
        MaxResponseContentBufferSize = 1024 * 1024,
    };

    private readonly string address = authority.AbsoluteUri.TrimEnd('/') + DiscoveryPath;
    private readonly HttpDocumentRetriever documents = new(Http) { RequireHttps = !authority.IsLoopback };
    private readonly Lock gate = new();
    private volatile IssuerMetadata? known;
    private Task reading = Task.CompletedTask;
    private long? lastRead;

    /// <summary>Whether there are keys in memory.</summary>
    public bool AreRead => known is not null;

    /// <summary>The keys in memory; where there are none yet, reads them.</summary>
    /// <exception cref="AccessUnavailableException">There are none, and they cannot be read.</exception>
    public async Task<IssuerMetadata> ReadAsync(CancellationToken cancellationToken)
    {
        var metadata = known;
        if (metadata is null || time.GetUtcNow() - metadata.ReadAt >= MaxAge)
        {
            var read = BeginRead();
            if (metadata is null)
                await read.WaitAsync(cancellationToken);
        }

        return metadata ?? known ?? throw new AccessUnavailableException($"the keys of issuer {authority} cannot be read now.");
    }

    /// <summary>Reads the keys anew, unless that was done just now.</summary>
    /// <exception cref="AccessUnavailableException">There are none.</exception>
    public async Task<IssuerMetadata> ReadAgainAsync(CancellationToken cancellationToken)
    {
        await BeginRead().WaitAsync(cancellationToken);
        return await ReadAsync(cancellationToken);
    }

    private Task BeginRead()
    {
        lock (gate)
        {
            if (!reading.IsCompleted || (lastRead is { } last && time.GetElapsedTime(last) < MinInterval))
                return reading;

            lastRead = time.GetTimestamp();
            return reading = Task.Run(ReadAsync, CancellationToken.None); // not in the context of the first who asks
        }
    }

    private async Task ReadAsync()
    {
        var begun = time.GetUtcNow();
        try
        {
            var configuration = await OpenIdConnectConfigurationRetriever.GetAsync(address, documents, CancellationToken.None).WaitAsync(ReadTimeout, time);
            if (string.IsNullOrEmpty(configuration.Issuer) || configuration.SigningKeys.Count == 0)
                throw new InvalidDataException("it has no issuer, or no keys.");

            known = new IssuerMetadata(configuration.Issuer, [.. configuration.SigningKeys], begun);
        }
        catch (Exception ex)
        {
            LogUnreadable(address, known is null ? "no token of this issuer is accepted" : "those in memory stay in use", ex); // whatever it was, requests go on
        }
    }

    [LoggerMessage(EventId = 501, Level = LogLevel.Warning, Message = "The keys at {Address} could not be read; {Consequence}")]
    private partial void LogUnreadable(string address, string consequence, Exception ex);
}
