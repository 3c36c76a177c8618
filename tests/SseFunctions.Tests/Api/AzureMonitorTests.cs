using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Azure.Core.Pipeline;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>
/// Telemetry on its way to Application Insights, over TLS to an ingestion endpoint, with a token of an identity endpoint as App
/// Service has it: learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference.
/// </summary>
public class AzureMonitorTests
{
    private const string ClientId = "01234567-89ab-cdef-0123-456789abcdef";
    private const string IdentitySecret = "what the platform gives this app alone";
    private const string Token = "a-token-for-application-insights";

    [Fact]
    public async Task Telemetry_carries_a_token_of_the_identity_that_is_set()
    {
        var asked = new ConcurrentQueue<string>();
        await using var identity = await ServeAsync(endpoint => { }, async context =>
        {
            asked.Enqueue($"{context.Request.Headers["X-IDENTITY-HEADER"]} {context.Request.Query["resource"]} {context.Request.Query["client_id"]}");
            await context.Response.WriteAsJsonAsync(new
            {
                access_token = Token,
                expires_on = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture),
                resource = "https://monitor.azure.com",
                token_type = "Bearer",
                client_id = ClientId,
            });
        });
        // Read by the credential as it asks for its first token; nothing else in these tests has a managed identity.
        Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", $"{identity.Urls.Single()}/msi/token");
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", IdentitySecret);

        var received = await ExportAsync($"APPLICATIONINSIGHTS_AUTHENTICATION_STRING=ClientId={ClientId};Authorization=AAD");

        Assert.NotEmpty(received);
        Assert.All(received, request => Assert.Equal($"Bearer {Token}", request.Authorization));
        Assert.Contains(received, request => request.Body.Contains(LogTelemetry.AppendedEvents, StringComparison.Ordinal)); // measurements
        Assert.Contains(received, request => request.Body.Contains("sse append", StringComparison.Ordinal)); // spans
        Assert.NotEmpty(asked);
        Assert.All(asked, question => Assert.Matches($"^{IdentitySecret} https://monitor.azure.com/* {ClientId}$", question));
    }

    [Fact]
    public async Task Telemetry_carries_no_token_when_no_identity_is_set()
    {
        var received = await ExportAsync();

        Assert.NotEmpty(received);
        Assert.All(received, request => Assert.Equal("", request.Authorization));
    }

    /// <summary>What arrives at the ingestion endpoint from a host that has published one event and ended.</summary>
    private static async Task<IReadOnlyCollection<(string Authorization, string Body)>> ExportAsync(params string[] settings)
    {
        using var certificate = Certificate();
        var received = new ConcurrentQueue<(string, string)>();
        await using var ingestion = await ServeAsync(endpoint => endpoint.UseHttps(certificate), async context =>
        {
            var body = context.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
            using var reader = new StreamReader(body, Encoding.UTF8);
            received.Enqueue((context.Request.Headers.Authorization.ToString(), await reader.ReadToEndAsync()));
            await context.Response.WriteAsJsonAsync(new { itemsReceived = 1, itemsAccepted = 1, errors = Array.Empty<string>() });
        });
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Thumbprint == certificate.Thumbprint,
        };
        await using (var host = await TestHost.StartAsync(
            [$"APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey={Guid.NewGuid()};IngestionEndpoint={ingestion.Urls.Single()}/", .. settings],
            configure: builder => builder.Services.PostConfigureAll<AzureMonitorExporterOptions>(monitor =>
            {
                monitor.Transport = new HttpClientTransport(handler);
                monitor.DisableOfflineStorage = true; // what did not arrive must not come from another run
            })))
        {
            await host.PublishAsync("a", "1");
            Assert.True(host.Services.GetRequiredService<TracerProvider>().ForceFlush((int)SseStream.Timeout.TotalMilliseconds)); // as they end, providers have 5 s
            Assert.True(host.Services.GetRequiredService<MeterProvider>().ForceFlush((int)SseStream.Timeout.TotalMilliseconds));
        }

        return received;
    }

    private static async Task<WebApplication> ServeAsync(Action<ListenOptions> configure, RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0, configure.Invoke));
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return app;
    }

    /// <summary>Made for this run, since a credential gives its token to TLS alone.</summary>
    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        var request = new CertificateRequest("CN=ingestion", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), password: null); // Windows serves no key in memory
    }
}
