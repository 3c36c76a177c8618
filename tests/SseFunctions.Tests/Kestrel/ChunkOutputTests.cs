using System.IO.Compression;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using SseFunctions.Api;
using SseFunctions.Kestrel;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Kestrel;

/// <summary>Chunks go past Kestrel's HTTP layer only where that does nothing else to a response's bytes.</summary>
public class ChunkOutputTests
{
    private static readonly byte[] Chunk = "6\r\nchunk \r\n"u8.ToArray();

    [Fact]
    public async Task Chunks_and_what_is_written_to_the_body_arrive_in_order_and_the_connection_serves_on()
    {
        await using var server = await StartAsync(async context =>
        {
            await context.Response.StartAsync();
            var connection = SocketOutput.ForChunks(context);
            Assert.NotNull(connection);
            for (var i = 0; i < 3; i++)
            {
                await context.Response.WriteAsync("body ");
                await connection.WriteAsync(Chunk);
                await connection.WriteAsync(Chunk);
            }
        });
        using var client = new HttpClient { BaseAddress = new Uri(server.Urls.Single()) };

        for (var request = 0; request < 2; request++)
            Assert.Equal("body chunk chunk body chunk chunk body chunk chunk ", await client.GetStringAsync("/").WaitAsync(SseStream.Timeout));
    }

    [Fact]
    public async Task Chunks_have_no_way_of_their_own_before_the_response_has_started()
    {
        await using var server = await StartAsync(context => context.Response.WriteAsync(SocketOutput.ForChunks(context) is null ? "none" : "one"));

        await AssertNoneAsync(server, HttpVersion.Version11);
    }

    [Theory]
    [InlineData("1.0", HttpProtocols.Http1)]
    [InlineData("2.0", HttpProtocols.Http2)]
    public async Task Chunks_have_no_way_of_their_own_in_a_version_of_HTTP_without_chunks(string version, HttpProtocols protocols)
    {
        await using var server = await StartAsync(AnswerAsync, protocols);

        await AssertNoneAsync(server, Version.Parse(version));
    }

    [Fact]
    public async Task Chunks_have_no_way_of_their_own_in_a_response_whose_length_is_known()
    {
        await using var server = await StartAsync(context =>
        {
            context.Response.ContentLength = 4;
            return AnswerAsync(context);
        });

        await AssertNoneAsync(server, HttpVersion.Version11);
    }

    [Fact]
    public async Task Chunks_have_no_way_of_their_own_through_Kestrels_own_pipe()
    {
        await using var server = await StartAsync(AnswerAsync, sendsPastPipe: false);

        await AssertNoneAsync(server, HttpVersion.Version11);
    }

    /// <summary>As response compression does.</summary>
    [Fact]
    public async Task Chunks_have_no_way_of_their_own_when_something_before_Kestrel_writes_the_body_otherwise()
    {
        await using var server = await StartAsync(async context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await using var zip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(zip, context.Features.Get<IHttpResponseBodyFeature>()!));
            await AnswerAsync(context);
        });

        await AssertNoneAsync(server, HttpVersion.Version11);
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        await context.Response.StartAsync();
        await context.Response.WriteAsync(SocketOutput.ForChunks(context) is null ? "none" : "one ");
    }

    private static async Task AssertNoneAsync(WebApplication server, Version version)
    {
        BoundedBody.RefuseTruncatedBodies(); // as a host does: the first decoder settles it for the process, and other tests ask for it
        using var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(server.Urls.Single()), DefaultRequestVersion = version, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.Equal("none", await client.GetStringAsync("/").WaitAsync(SseStream.Timeout));
    }

    private static async Task<WebApplication> StartAsync(RequestDelegate answer, HttpProtocols protocols = HttpProtocols.Http1, bool sendsPastPipe = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(server =>
        {
            SocketConnections.Configure(server, openStreams: 10, sendsPastPipe);
            server.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = protocols);
        });
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return app;
    }
}
