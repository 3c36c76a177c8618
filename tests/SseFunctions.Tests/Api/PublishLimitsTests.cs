using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Api;
using SseFunctions.Tests.Access;
using SseFunctions.Tests.EventLog;
using SseFunctions.Tests.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>Bodies of publications have only so many bytes at a time, each until it is answered.</summary>
public sealed class PublishLimitsTests
{
    private const long All = PublishLimits.MaxBytesAtATime;
    private const int Small = PublishLimits.MaxSmallBytes;
    private const string Path = "events/a";
    private const string Lines = "application/x-ndjson";

    [Fact]
    public async Task Publication_waits_for_its_turn()
    {
        await using var host = await TestHost.StartAsync();
        var small = Limits(host).Small;
        var others = await small.EnterAsync(All, CancellationToken.None);

        var published = host.PublishAsync("a", "1");
        await small.WaitForWaitingAsync(1);
        Assert.False(published.IsCompleted);
        others.Dispose();

        Assert.Single(await published);
        await AssertAllHaveLeftAsync(host);
    }

    [Fact]
    public async Task Publication_that_waits_for_5_s_is_answered_503()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await TestHost.StartAsync(time: time);
        var small = Limits(host).Small;
        using var others = await small.EnterAsync(All, CancellationToken.None);

        using var body = new StringContent("1");
        var asked = host.Client.PostAsync(Path, body);
        await small.WaitForWaitingAsync(1);
        time.Advance(TimeSpan.FromSeconds(5));
        using var answer = await asked.WaitAsync(SseStream.Timeout);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(5)), (answer.StatusCode, answer.Headers.RetryAfter?.Delta));
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("Too many publications", problem.GetProperty("title").GetString());
        Assert.Contains("Nothing was written.", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, small.Waiting);
    }

    [Fact]
    public async Task Publisher_that_leaves_while_it_waits_leaves_the_queue()
    {
        await using var host = await TestHost.StartAsync();
        var small = Limits(host).Small;
        using var others = await small.EnterAsync(All, CancellationToken.None);
        using var leaves = new CancellationTokenSource();
        using var body = new StringContent("1");
        var asked = host.Client.PostAsync(Path, body, leaves.Token);
        await small.WaitForWaitingAsync(1);

        await leaves.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await small.WaitForWaitingAsync(0);
    }

    /// <param name="size">Bytes of the body.</param>
    /// <param name="counted">The size by which it takes its turn.</param>
    /// <param name="mediaType">The body's.</param>
    /// <param name="coding">Whether it is compressed, or sent without its length; else empty.</param>
    [Theory]
    [InlineData(1_000, 1_000, "text/plain", "")]
    [InlineData(1_000, 1_000, Lines, "")]
    [InlineData(1_000, Small, "text/plain", "chunked")]
    [InlineData(1_000, Small, "text/plain", "gzip")]
    [InlineData(Small + 1, Small + 1, Lines, "")]
    [InlineData(1_000, 4 << 20, Lines, "chunked")]
    [InlineData(1_000, 4 << 20, Lines, "gzip")]
    public async Task Body_counts_by_its_size_or_as_the_largest_where_that_is_not_known(int size, long counted, string mediaType, string coding)
    {
        await using var host = await TestHost.StartAsync();
        var limits = Limits(host);
        var (gate, other) = counted > Small ? (limits.Large, limits.Small) : (limits.Small, limits.Large);
        using var full = await other.EnterAsync(All, CancellationToken.None);

        using (await gate.EnterAsync(All - counted, CancellationToken.None))
            Assert.Equal(HttpStatusCode.Created, await PublishAsync());

        Task<HttpStatusCode> published;
        using (await gate.EnterAsync(All - counted + 1, CancellationToken.None))
        {
            published = PublishAsync();
            await gate.WaitForWaitingAsync(1);
        }

        Assert.Equal(HttpStatusCode.Created, await published);

        async Task<HttpStatusCode> PublishAsync()
        {
            using var request = Request(size, mediaType, coding);
            using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Publication_counts_by_its_size_from_when_that_is_known_until_it_is_written()
    {
        const int Size = 1_000;
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: storage.ConnectionString);
        await host.PublishAsync("a", "1"); // makes the table
        var write = HeldCall.Next(storage, call => call.IsTransaction);

        using var request = Request(Size, "text/plain", "chunked");
        var published = host.Client.SendAsync(request);
        await write.HeldAsync();
        using (var tooMuch = Limits(host).Small.TryEnter(All - Size + 1))
        using (var theRest = Limits(host).Small.TryEnter(All - Size))
        {
            write.Release();
            Assert.Null(tooMuch);
            Assert.NotNull(theRest);
        }

        using var answer = await published.WaitAsync(SseStream.Timeout);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        await AssertAllHaveLeftAsync(host);
    }

    /// <summary>What waits would be refused all the same.</summary>
    [Theory]
    [InlineData(Small + 1, "text/plain", "", HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(1_000, "text/plain", "zip", HttpStatusCode.UnsupportedMediaType)]
    public async Task Publication_that_is_refused_unread_waits_for_nothing(int size, string mediaType, string coding, HttpStatusCode status)
    {
        await using var host = await TestHost.StartAsync();
        using var small = await Limits(host).Small.EnterAsync(All, CancellationToken.None);
        using var large = await Limits(host).Large.EnterAsync(All, CancellationToken.None);
        using var request = Request(size, mediaType, coding);

        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(status, answer.StatusCode);
    }

    /// <summary>Whatever its body is: by token it has 16 KiB at most.</summary>
    [Fact]
    public async Task Publication_by_token_does_not_wait_for_large_ones()
    {
        await using var host = await TestHost.StartAsync(AccessHost.Settings);
        using var large = await Limits(host).Large.EnterAsync(All, CancellationToken.None);
        using var request = Request(1_000, Lines, "chunked");
        var token = SignedToken.Make(SignedToken.Header, $$"""{"publish":["a"],"exp":{{DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()}}}""");
        request.RequestUri = new Uri($"topics/a/events?token={token}", UriKind.Relative);

        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Theory]
    [InlineData(Small + 1, "text/plain", "chunked", HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(1_000, "application/json", "", HttpStatusCode.BadRequest)]
    public async Task Refused_publication_no_longer_counts(int size, string mediaType, string coding, HttpStatusCode status)
    {
        await using var host = await TestHost.StartAsync();
        using var request = Request(size, mediaType, coding);

        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(status, answer.StatusCode);
        await AssertAllHaveLeftAsync(host);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Publisher_that_leaves_in_mid_body_no_longer_counts(bool resets)
    {
        await using var host = await TestHost.StartAsync();
        using (var leaving = await BeginAsync(host))
        {
            if (resets)
                leaving.LingerState = new LingerOption(true, 0);
        }

        await AssertAllHaveLeftAsync(host);
    }

    private static PublishLimits Limits(TestHost host) => host.Services.GetRequiredService<PublishLimits>();

    private static async Task AssertAllHaveLeftAsync(TestHost host)
    {
        await Limits(host).Small.WaitUntilEmptyAsync();
        await Limits(host).Large.WaitUntilEmptyAsync();
    }

    private static HttpRequestMessage Request(int size, string mediaType, string coding)
    {
        var text = mediaType == Lines ? $$"""{"data":""}""".PadRight(size) : new string('x', size);
        var body = Encoding.UTF8.GetBytes(text);
        var content = new ByteArrayContent(coding == "gzip" ? Zip(body) : body);
        content.Headers.ContentType = new(mediaType);
        if (coding is not ("" or "chunked"))
            content.Headers.ContentEncoding.Add(coding);

        var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = content };
        request.Headers.TransferEncodingChunked = coding == "chunked";
        return request;
    }

    private static byte[] Zip(byte[] body)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest))
            gzip.Write(body);

        return zipped.ToArray();
    }

    /// <summary>Sends a request without the end of its body, and waits until it counts.</summary>
    private static async Task<Socket> BeginAsync(TestHost host)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, host.BaseAddress.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST {host.BaseAddress.AbsolutePath}{Path} HTTP/1.1\r\nHost: {host.BaseAddress.Authority}\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nbegin"));
        await Limits(host).Small.WaitUntilEnteredAsync();
        return socket;
    }
}
