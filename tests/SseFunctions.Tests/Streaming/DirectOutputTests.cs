using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.Streaming;

/// <summary>Chunks are sent past the web server only where they reach the client as they are.</summary>
public sealed class DirectOutputTests
{
    private const string Subject = "CN=localhost";

    [Fact]
    public async Task Output_is_direct_over_plain_HTTP_1_1() => Assert.True(await IsDirectAsync(HttpVersion.Version11));

    [Fact]
    public async Task Output_is_not_direct_over_HTTP_1_0_which_has_no_chunks() => Assert.False(await IsDirectAsync(HttpVersion.Version10));

    [Fact]
    public async Task Output_is_not_direct_over_HTTP_2() =>
        Assert.False(await IsDirectAsync(HttpVersion.Version20, endpoint: options => options.Protocols = HttpProtocols.Http2));

    [Fact]
    public async Task Output_is_not_direct_over_TLS()
    {
        using var certificate = Certificate();

        Assert.False(await IsDirectAsync(HttpVersion.Version11, endpoint: options => options.UseHttps(certificate)));
    }

    [Fact]
    public async Task Output_is_not_direct_where_a_middleware_changes_the_body()
    {
        Assert.False(await IsDirectAsync(HttpVersion.Version11, app => app.Use(async (context, next) =>
        {
            await using var compressed = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            context.Response.Body = compressed;
            await next(context);
        })));
    }

    [Fact]
    public async Task Output_is_not_direct_where_the_length_is_known() =>
        Assert.False(await IsDirectAsync(HttpVersion.Version11, app => app.Use((context, next) =>
        {
            context.Response.ContentLength = 2;
            return next(context);
        })));

    private static async Task<bool> IsDirectAsync(Version version, Action<WebApplication>? use = null, Action<ListenOptions>? endpoint = null)
    {
        var isDirect = new TaskCompletionSource<bool>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            SocketOutput.UseOn(kestrel);
            kestrel.Listen(IPAddress.Loopback, 0, options => endpoint?.Invoke(options));
        });
        await using var app = builder.Build();
        use?.Invoke(app);
        app.Run(async context =>
        {
            var before = SocketOutput.Of(context);
            await context.Response.BodyWriter.WriteAsync("ok"u8.ToArray());
            isDirect.SetResult(before is null && SocketOutput.Of(context) is not null);
        });
        await app.StartAsync();

        using var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == Subject } };
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, app.Urls.Single()) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await client.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return await isDirect.Task;
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(Subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
