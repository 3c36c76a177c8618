using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SseFunctions.TestSupport;

/// <summary>An OpenID Connect issuer on loopback: its discovery document and its keys, which change, and which can be out of reach.</summary>
public sealed class DiscoveryEndpoint : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Lock gate = new();
    private readonly List<IssuerKey> keys = [];
    private readonly TaskCompletionSource askedInVain = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int reads;
    private int refusals;

    private DiscoveryEndpoint(WebApplication app) => this.app = app;

    public string Authority => app.Urls.Single() + "/tenant";

    /// <summary>Whether it answers.</summary>
    public bool IsReachable { get; set; } = true;

    /// <summary>Whether it takes requests and never answers.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Completes when it has been asked while it was silent.</summary>
    public Task AskedInVain => askedInVain.Task;

    /// <summary>How often the keys have been read.</summary>
    public int Reads => Volatile.Read(ref reads);

    /// <summary>How often it has been asked while it did not answer.</summary>
    public int Refusals => Volatile.Read(ref refusals);

    public static async Task<DiscoveryEndpoint> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var issuer = new DiscoveryEndpoint(app);
        app.Use(issuer.CutWhereUnreachableAsync);
        app.MapGet("/tenant/.well-known/openid-configuration", () => Results.Json(new { issuer = issuer.Authority, jwks_uri = issuer.Authority + "/keys" }));
        app.MapGet("/tenant/keys", issuer.Keys);
        await app.StartAsync();
        return issuer;
    }

    /// <summary>Puts a key beside those that are there; one of RS256 takes much longer to make.</summary>
    public IssuerKey AddKey(string algorithm = "ES256")
    {
        var key = IssuerKey.Create(algorithm);
        lock (gate)
            keys.Add(key);

        return key;
    }

    /// <summary>Puts a key in the place of all others.</summary>
    public IssuerKey Rotate(string algorithm = "ES256")
    {
        lock (gate)
            keys.Clear();

        return AddKey(algorithm);
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private Task CutWhereUnreachableAsync(HttpContext context, RequestDelegate next)
    {
        if (IsSilent)
        {
            askedInVain.TrySetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        }

        if (IsReachable)
            return next(context);

        Interlocked.Increment(ref refusals);
        context.Abort();
        return Task.CompletedTask;
    }

    private IResult Keys()
    {
        Interlocked.Increment(ref reads);
        lock (gate)
            return Results.Json(new { keys = keys.Select(key => key.Public) });
    }
}
